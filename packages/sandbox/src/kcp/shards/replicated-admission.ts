import { type BoundPolicies, type BoundWebhooks, PolicyIndex, WebhookIndex } from '../../kube/admission/mod.ts'
import type { Store } from '../../store/types.ts'

type OfShard = { policies: PolicyIndex; webhooks: WebhookIndex }

/** Admission policies and webhooks of the logical clusters of all shards; those of a shard which is away count as they were last. */
export class ReplicatedAdmission implements BoundPolicies, BoundWebhooks {
  readonly #shards = new Map<string, OfShard>()

  bound(cluster: string): ReturnType<BoundPolicies['bound']> {
    return [...this.#shards.values()].flatMap(({ policies }) => policies.bound(cluster))
  }

  has(kind: Parameters<BoundWebhooks['has']>[0]): boolean {
    for (const { webhooks } of this.#shards.values()) if (webhooks.has(kind)) return true
    return false
  }

  webhooks(...[kind, cluster]: Parameters<BoundWebhooks['webhooks']>): ReturnType<BoundWebhooks['webhooks']> {
    return [...this.#shards.values()].flatMap(({ webhooks }) => webhooks.webhooks(kind, cluster))
  }

  /** Follows a shard from now on, instead of what was known of it. Returns a function that ends it, which forgets nothing. */
  attach(shard: string, store: Store): () => void {
    const policies = new PolicyIndex(store)
    const webhooks = new WebhookIndex(store)
    this.#shards.set(shard, { policies, webhooks })
    return () => {
      policies.close()
      webhooks.close()
    }
  }
}
