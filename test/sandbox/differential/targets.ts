import { readFileSync } from 'node:fs'
import type { ControlPlane } from '@resource-broker/testbed'
import type { Target } from './requests.ts'
import type { WebhookServer } from './webhook-server.ts'

export function realTarget({ url, caFile, adminToken }: ControlPlane, webhooks: WebhookServer): Target {
  return { name: 'kube-apiserver', url, ca: readFileSync(caFile, 'utf8'), token: adminToken, webhooks }
}
