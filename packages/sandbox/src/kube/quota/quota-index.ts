import type { Entry, Store } from '../../store/types.ts'
import { parseOwnJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'

/** Amounts by the name of what is counted, such as `count/widgets.example.io`. */
export type Amounts = Readonly<Record<string, string>>
export type ResourceQuota = KubeObject & {
  spec?: { hard?: Amounts; scopes?: string[]; scopeSelector?: object }
  status?: { hard?: Amounts; used?: Amounts }
}

/** `Resource.storage` of ResourceQuotas. */
export const QUOTAS = 'resourcequotas'

/** The ResourceQuotas of each namespace, as they are this moment. */
export class QuotaIndex {
  readonly #byNamespace = new Map<string, Map<string, ResourceQuota>>()
  readonly #end: () => void

  constructor(store: Store) {
    const { entries, revision } = store.list({ resource: QUOTAS })
    for (const entry of entries) this.#learn(entry)
    this.#end = store.watch({ resource: QUOTAS }, revision, ({ type, entry }) =>
      type === 'DELETED' ? this.#forget(entry) : this.#learn(entry),
    )
  }

  in(cluster: string, namespace: string): Iterable<ResourceQuota> {
    return this.#byNamespace.get(placeOf({ cluster, namespace }))?.values() ?? []
  }

  close(): void {
    this.#end()
  }

  #learn({ key, bytes }: Entry): void {
    const known = this.#byNamespace.get(placeOf(key)) ?? new Map<string, ResourceQuota>()
    this.#byNamespace.set(placeOf(key), known.set(key.name, parseOwnJson<ResourceQuota>(bytes)))
  }

  #forget({ key }: Entry): void {
    const known = this.#byNamespace.get(placeOf(key))
    known?.delete(key.name)
    if (known?.size === 0) this.#byNamespace.delete(placeOf(key))
  }
}

function placeOf({ cluster, namespace }: { cluster: string; namespace: string }): string {
  return `${cluster}|${namespace}`
}
