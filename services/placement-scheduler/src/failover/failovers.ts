import {
  type Absences,
  absencesOf,
  compilePolicy,
  type Failover,
  type FailoverWord,
  failoverFrom,
  PlacementPolicy,
  Provider,
  placesAfter,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isConflict, type KubeClient, readIfThere } from '@resource-broker/kube'
import { Batches } from '@resource-broker/service'

/** Whether an object may fail over, as the platform says now; `againMs`: when it is to ask again, where nothing tells. */
export type FailoverAnswer = FailoverWord & { againMs?: number }

/** A policy as the platform has it, and how the providers are. */
type Seen = { object: KubeObject; failover: Failover; absences: Absences }

/**
 * Which objects may fail over, of all replicas: the times at which objects were let are kept in the status of their policy, and a place
 * there is taken by a conditional write of that, so that the count is exact. How the providers are is asked anew with it: a replica that
 * was cut off hears late.
 */
export class Failovers {
  readonly #coordination: KubeClient
  readonly #rounds = new Map<string, Batches<string, FailoverAnswer>>()

  constructor(coordination: KubeClient) {
    this.#coordination = coordination
  }

  /** Whether an object that a policy is for may leave a provider now. @throws what the API server refuses */
  async ask(policy: string, provider: string): Promise<FailoverAnswer> {
    const rounds = this.#rounds.get(policy) ?? new Batches((providers) => this.#settle(policy, providers))
    this.#rounds.set(policy, rounds)
    return await rounds.ask(provider)
  }

  /**
   * Somebody else's write between the read and ours is a reason to begin anew: it got further, so this ends. A refusal though nobody wrote
   * is one.
   */
  async #settle(name: string, providers: readonly string[]): Promise<FailoverAnswer[]> {
    let refused: { version: string; error: unknown } | undefined
    for (;;) {
      const seen = await this.#read(name)
      if (seen === undefined) return providers.map(() => ({ is: 'present' }))
      const { resourceVersion: version } = seen.object.metadata
      if (refused?.version === version) throw refused.error
      const { begun, answers } = this.#judge(name, providers, seen)
      if (begun === undefined) return answers
      try {
        await this.#write(seen.object, begun)
        return answers
      } catch (error) {
        if (!isConflict(error)) throw error
        refused = { version, error }
      }
    }
  }

  /** A policy that has objects fail over, and how the providers are; undefined: it does not, or is gone. */
  async #read(name: string): Promise<Seen | undefined> {
    const [object, list] = await Promise.all([
      readIfThere<KubeObject>(this.#coordination, { ...PlacementPolicy.resource, name }),
      this.#coordination.list<KubeObject>(Provider.resource),
    ])
    const { failover } = (object && compilePolicy(object).policy) ?? {}
    if (object === undefined || failover === undefined) return undefined
    const records = list.items.flatMap((item) => Provider.readable(item) ?? [])
    return { object, failover, absences: absencesOf(records) }
  }

  #judge(
    name: string,
    providers: readonly string[],
    { object, failover, absences }: Seen,
  ): { answers: FailoverAnswer[]; begun?: string[] } {
    const now = this.#coordination.now()
    const words = providers.map((provider) => failoverFrom(provider, { name, failover }, absences, now))
    const wanted = words.filter(({ is }) => is === 'due').length
    const before = PlacementPolicy.status.safeParse(object['status']).data?.failedOver ?? []
    const { begun, granted, againMs } = placesAfter(before, wanted, failover, now)
    const { maxPerMinute } = failover
    const why = `PlacementPolicy ${name} lets ${maxPerMinute} ${maxPerMinute === 1 ? 'object' : 'objects'} fail over in a minute`
    let left = granted
    const answers = words.map((word): FailoverAnswer => {
      if (word.is !== 'due' || left-- > 0) return word
      return { is: 'held', since: word.since, why, againMs }
    })
    return { answers, ...(granted > 0 ? { begun } : {}) }
  }

  async #write({ metadata: { name, uid, resourceVersion } }: KubeObject, failedOver: string[]): Promise<void> {
    const patch = { metadata: { uid, resourceVersion }, status: { failedOver } }
    const ref = { ...PlacementPolicy.resource, name }
    await this.#coordination.mergePatch(ref, patch, { subresource: 'status' })
  }
}
