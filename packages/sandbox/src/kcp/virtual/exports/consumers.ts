import { ParsedEntries } from '../../../kube/parsed-entries.ts'
import type { Resource } from '../../../kube/resource.ts'
import type { Store } from '../../../store/types.ts'
import { type BoundTypes, type EffectiveClaim, effectiveClaims } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types.ts'
import type { ApiBinding, ApiExport } from '../../apis/types.ts'

/** What a consumer gives to a provider: the types that it bound, and the claims that it accepted. */
export type Consumer = { types: readonly Resource[]; claims: readonly EffectiveClaim[] }

/** The consumers of exports, by their bindings. */
export class Consumers {
  readonly #store: Store
  readonly #bound: BoundTypes
  readonly #parsed = new ParsedEntries<ApiBinding>()

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
    return entry && this.#parsed.of(entry)
  }
}
