/** An object as a server stores it; `metadata.managedFields` is made for each answer. */
type Metadata = {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  finalizers?: string[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { uid: string }[]
}
export type StoredObject = { apiVersion: string; kind: string; metadata: Metadata; [field: string]: unknown }

/** Which fields each manager applied, as paths. */
export type Managers = ReadonlyMap<string, ReadonlySet<string>>
export type Entry = { object: StoredObject; managers: Managers }

/** Where an object is: `resource` as `plural.group`, `cluster` the logical cluster where the server is a kcp. */
export type Place = { cluster?: string | undefined; resource: string; namespace?: string | undefined; name: string }

export const idOf = ({ cluster = '', resource, namespace = '', name }: Place): string =>
  `${cluster}/${resource}/${namespace}/${name}`

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
