import type { Served } from '../../../simulation/server/api-server.ts'

/** What the consumer of a failure world wants, and where. */
export const GVR = { group: 'example.test', version: 'v1', resource: 'things' }
export const THINGS = `${GVR.resource}.${GVR.group}`
export const NAMESPACE = 'default'
export const SERVED: Served[] = [
  { group: GVR.group, version: GVR.version, name: GVR.resource, kind: 'Thing', namespaced: true },
]
