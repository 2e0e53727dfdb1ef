import { ParsedEntries } from '../../../kube/parsed-entries.ts'
import type { Resource } from '../../../kube/resource.ts'
import type { Store } from '../../../store/types.ts'
import { type Bound, type BoundTypes, type EffectiveClaim, effectiveClaims } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types/mod.ts'
import type { ApiBinding, ApiExport } from '../../apis/types.ts'

/** What a consumer gives to a provider: the types that it bound, and the claims that it accepted. */
export type Acceptance = { types: readonly Resource[]; claims: readonly EffectiveClaim[] }

/** What consumers give to exports, by their bindings. */
export class Acceptances {
  readonly #store: Store
  readonly #bound: BoundTypes
  readonly #parsed = new ParsedEntries<ApiBinding>()
  /** What each binding came to, and out of what, none of which is ever changed in place. */
  readonly #known = new WeakMap<ApiBinding, { bound: Bound; apiExport: ApiExport; acceptance: Acceptance }>()

  constructor(store: Store, bound: BoundTypes) {
    this.#store = store
    this.#bound = bound
  }

  /** undefined where no binding to the export is. */
  find(cluster: string, exportCluster: string, apiExport: ApiExport): Acceptance | undefined {
    for (const bound of this.#bound.in(cluster)) {
      const isIt = bound.exportCluster === exportCluster && bound.exportName === apiExport.metadata.name
      const binding = isIt ? this.#binding(cluster, bound.binding) : undefined
      if (binding !== undefined) return this.#acceptance(binding, bound, apiExport)
    }
    return undefined
  }

  #acceptance(binding: ApiBinding, bound: Bound, apiExport: ApiExport): Acceptance {
    const known = this.#known.get(binding)
    if (known?.bound === bound && known.apiExport === apiExport) return known.acceptance
    const acceptance = { types: bound.resources, claims: effectiveClaims(apiExport, binding) }
    this.#known.set(binding, { bound, apiExport, acceptance })
    return acceptance
  }

  #binding(cluster: string, name: string): ApiBinding | undefined {
    const entry = this.#store.get({ resource: API_BINDINGS, cluster, namespace: '', name })
    return entry && this.#parsed.of(entry)
  }
}
