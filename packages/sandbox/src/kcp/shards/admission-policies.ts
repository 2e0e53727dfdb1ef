import { type BoundPolicies, PolicyIndex } from '../../kube/admission/mod.ts'
import type { Store } from '../../store/types.ts'

/** ValidatingAdmissionPolicies of the logical clusters of all shards; those of a shard which is away count as they were last. */
export class ReplicatedAdmissionPolicies implements BoundPolicies {
  readonly #indexes = new Map<string, PolicyIndex>()

  bound(cluster: string): ReturnType<BoundPolicies['bound']> {
    return [...this.#indexes.values()].flatMap((index) => index.bound(cluster))
  }

  /** Follows a shard from now on, instead of what was known of it. Returns a function that ends it, which forgets nothing. */
  attach(shard: string, store: Store): () => void {
    const index = new PolicyIndex(store)
    this.#indexes.set(shard, index)
    return () => index.close()
  }
}
