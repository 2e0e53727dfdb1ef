import { parseOwnJson } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { Resource } from '../../../kube/resource.ts'
import { claimLabelKey, claimLabelValue, reflexiveClaimLabelValue } from '../../hashes.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS } from '../system-types/mod.ts'
import type { ApiBinding, ApiExport } from '../types.ts'
import { claimName } from './claimed-resource.ts'
import { type EffectiveClaim, effectiveClaims, selects } from './effective-claims.ts'

type Labelled = { claim: EffectiveClaim; key: string; value: string }
/** By `<resource>.<group>`. */
type Claims = Map<string, Labelled[]>

/** The effective claims in each logical cluster of a shard, found by the type of an object. */
export class ClaimIndex {
  readonly #services: ShardServices
  /** What is missing is read when it is asked for. */
  readonly #byCluster = new Map<string, Claims>()
  readonly #ends: (() => void)[]

  constructor(services: ShardServices, bound: BoundTypes) {
    this.#services = services
    const { store, cache } = services
    this.#ends = [
      store.watch({ resource: API_BINDINGS }, store.revision, ({ entry }) => this.#byCluster.delete(entry.key.cluster)),
      cache.watch('apiexports.apis.kcp.io', ({ now }) => {
        for (const { cluster } of bound.consumersOf(now.cluster, now.name)) this.#byCluster.delete(cluster)
      }),
    ]
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  /** The labels that an object has to have because it is claimed (contract 6.2), and a binding because it is one (contract 3.5). */
  labelsFor(cluster: string, resource: Resource, object: KubeObject): Map<string, string> {
    const labels = new Map<string, string>()
    for (const { claim, key, value } of this.#claims(cluster).get(nameOf(claimName(resource))) ?? []) {
      if (claim.identityHash !== (resource.identity ?? '')) continue
      if (selects(claim.selector, object.metadata.labels)) labels.set(key, value)
    }
    if (resource.storage === API_BINDINGS) this.#reflect(object as ApiBinding, labels)
    return labels
  }

  #reflect({ spec, status }: ApiBinding, labels: Map<string, string>): void {
    const [cluster, name] = [status?.apiExportClusterName, spec?.reference?.export?.name]
    if (cluster === undefined || name === undefined) return
    const key = claimLabelKey(cluster, name)
    if (!labels.has(key)) labels.set(key, reflexiveClaimLabelValue())
  }

  #claims(cluster: string): Claims {
    const known = this.#byCluster.get(cluster)
    if (known !== undefined) return known
    const claims: Claims = new Map()
    const { entries } = this.#services.store.list({ resource: API_BINDINGS, cluster })
    for (const { bytes } of entries) this.#add(claims, parseOwnJson<ApiBinding>(bytes))
    // Without bindings there is nothing to read, and no event would ever take it out again.
    if (entries.length > 0) this.#byCluster.set(cluster, claims)
    return claims
  }

  #add(claims: Claims, binding: ApiBinding): void {
    const [exportCluster, name] = [binding.status?.apiExportClusterName, binding.spec?.reference?.export?.name]
    if (exportCluster === undefined || name === undefined || binding.metadata.deletionTimestamp !== undefined) return
    const found = this.#services.cache.get('apiexports.apis.kcp.io', exportCluster, name)
    for (const claim of found === undefined ? [] : effectiveClaims(found.object as ApiExport, binding)) {
      const type = nameOf(claimName(claim))
      const value = claimLabelValue({ ...claim, ...claimName(claim) })
      claims.set(type, [...(claims.get(type) ?? []), { claim, key: claimLabelKey(exportCluster, name), value }])
    }
  }
}

function nameOf({ group, resource }: { group: string; resource: string }): string {
  return `${resource}.${group}`
}
