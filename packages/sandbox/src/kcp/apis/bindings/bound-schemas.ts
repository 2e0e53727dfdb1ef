import { stringifyJson } from '@resource-broker/json'
import { parseOwnJson } from '../../../kube/json.ts'
import type { ObjectKey } from '../../../store/types.ts'
import type { ShardServices } from '../../services.ts'
import type { ApiResourceSchema } from '../types.ts'

/** `ObjectKey.resource` of the schemas that were bound; they are no objects of the API. */
export const BOUND_SCHEMAS = 'boundschemas.apis.kcp.io'
/** Where kcp keeps its bound CustomResourceDefinitions (contract 3.8). */
const CLUSTER = 'system:bound-crds'

/**
 * The APIResourceSchemas that bindings on this shard name, as they were when they were bound: types stay served when their
 * provider deletes export and schema, also after a restart (contract 5.4). As bound CRDs, they have the name of the schema's UID.
 */
export class BoundSchemas {
  readonly #services: ShardServices

  constructor(services: ShardServices) {
    this.#services = services
  }

  /** undefined where it was never kept and its provider has it no more. */
  find(exportCluster: string, name: string, uid: string): ApiResourceSchema | undefined {
    const { store, cache } = this.#services
    const kept = store.get(keyOf(uid))
    if (kept !== undefined) return parseOwnJson<ApiResourceSchema>(kept.bytes)
    const present = cache.get('apiresourceschemas.apis.kcp.io', exportCluster, name)?.object
    return present?.metadata.uid === uid ? (present as ApiResourceSchema) : undefined
  }

  keep(schema: ApiResourceSchema): void {
    const { store } = this.#services
    const key = keyOf(schema.metadata.uid ?? '')
    if (store.get(key) !== undefined) return
    store.create(key, (revision) => {
      const metadata = { ...schema.metadata, resourceVersion: String(revision) }
      return Buffer.from(stringifyJson({ ...schema, metadata }))
    })
  }

  forget(uid: string): void {
    const { store } = this.#services
    const kept = store.get(keyOf(uid))
    if (kept !== undefined) store.delete(kept.key, kept.revision, () => kept.bytes)
  }
}

function keyOf(uid: string): ObjectKey {
  return { resource: BOUND_SCHEMAS, cluster: CLUSTER, namespace: '', name: uid }
}
