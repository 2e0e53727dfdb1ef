import { type Policy, type PolicySource, StorePolicySource } from '../../kube/authz/mod.ts'
import type { Store } from '../../store/types.ts'

/** Local to each shard (contract 1.6). */
const ADMIN_CLUSTER = 'system:admin'

/** RBAC of the logical clusters of all shards; that of a shard which is away counts as it was last. */
export class ReplicatedPolicies implements PolicySource {
  readonly #sources = new Map<string, StorePolicySource>()

  policy(cluster: string): Policy | undefined {
    for (const source of this.#sources.values()) {
      const policy = source.policy(cluster)
      if (policy !== undefined) return policy
    }
    return undefined
  }

  /** What the shard's own `system:admin` holds, which counts in all of its logical clusters. */
  ofAdmin(shard: string): PolicySource {
    return { policy: () => this.#sources.get(shard)?.policy(ADMIN_CLUSTER) }
  }

  /** Follows a shard from now on, instead of what was known of it. Returns a function that ends it, which forgets nothing. */
  attach(shard: string, store: Store): () => void {
    const source = new StorePolicySource(store)
    this.#sources.set(shard, source)
    return () => source.close()
  }
}
