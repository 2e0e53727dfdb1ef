import type { ObjectRef } from '@resource-broker/kube'
import { THING } from '../support/provider-controller.ts'

/** What the first provider takes, and what the second. */
export const SIZES = ['small', 'large'] as const

/** `staged`: its moves go through stages. `from`: which provider says so. */
export type Thing = {
  apiVersion: string
  kind: string
  metadata: { namespace: string; name: string; uid: string; finalizers?: string[] }
  spec: { size: (typeof SIZES)[number]; staged?: boolean }
  status?: { status?: string; counter?: number; from?: number }
}

export const thingRef = (namespace: string, name: string): ObjectRef => ({ ...THING, namespace, name })

/** Which provider, 0 or 1, the `i`th object goes to. */
export const providerOf = (i: number): 0 | 1 => (i % 2 === 0 ? 0 : 1)

/** The `i`th object; the providers get every other one. */
export function thing(namespace: string, name: string, i: number): object {
  const spec = {
    size: SIZES[providerOf(i)],
    fqdn: `${name}.bench.corp`,
    replicas: 3,
    labels: { team: 'bench', tier: 'gold' },
  }
  return { apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', metadata: { namespace, name }, spec }
}
