import { readFileSync } from 'node:fs'
import type { ControlPlane } from '@resource-broker/testbed'
import type { Target } from './requests.ts'

export function realTarget({ url, caFile, adminToken }: ControlPlane): Target {
  return { name: 'kube-apiserver', url, ca: readFileSync(caFile, 'utf8'), token: adminToken }
}
