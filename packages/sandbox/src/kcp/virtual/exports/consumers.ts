import { parseOwnJson } from '../../../kube/json.ts'
import type { Resource } from '../../../kube/resource.ts'
import type { Entry, Store } from '../../../store/types.ts'
import { type BoundTypes, type EffectiveClaim, effectiveClaims } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types.ts'
import type { ApiBinding, ApiExport } from '../../apis/types.ts'

/** What a consumer gives to a provider: the types that it bound, and the claims that it accepted. */
export type Consumer = { types: readonly Resource[]; claims: readonly EffectiveClaim[] }

/** The consumers of exports, by their bindings. */
export class Consumers {
  readonly #store: Store
  readonly #bound: BoundTypes
  readonly #parsed = new WeakMap<Entry, ApiBinding>()

  constructor(store: Store, bound: BoundTypes) {
    this.#store = store
    this.#bound = bound
  }

  /** undefined where no binding to the export is. */
  find(cluster: string, exportCluster: string, apiExport: ApiExport): Consumer | undefined {
    for (const bound of this.#bound.in(cluster)) {
      const isIt = bound.exportCluster === exportCluster && bound.exportName === apiExport.metadata.name
      const binding = isIt ? this.#binding(cluster, bound.binding) : undefined
      if (binding !== undefined) return { types: bound.resources, claims: effectiveClaims(apiExport, binding) }
    }
    return undefined
  }

  #binding(cluster: string, name: string): ApiBinding | undefined {
    const entry = this.#store.get({ resource: API_BINDINGS, cluster, namespace: '', name })
    if (entry === undefined) return undefined
    const known = this.#parsed.get(entry)
    if (known !== undefined) return known
    const binding = parseOwnJson<ApiBinding>(entry.bytes)
    this.#parsed.set(entry, binding)
    return binding
  }
}
