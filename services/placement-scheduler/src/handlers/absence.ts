import { type FailoverWord, failoverFrom, type OfferRef } from '@resource-broker/api'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'
import { accepts } from '../world.ts'

/** That the provider of an object is away, what the policy of the object has it do then, and by which policy. */
export type Absence = { policy: string; word: FailoverWord }

/**
 * That the provider of an object is away, where its policy has it fail over; undefined: whatever becomes of the object is no matter of that.
 * That is so as well where the platform drains the provider or has given it up, and where the object came to be what its provider does not
 * accept: those have it move by themselves. A provider that has left, and took its offers with it, may be back before that is recorded.
 */
export function absenceOf(
  context: SchedulerContext,
  known: Pick<Known, 'object' | 'key'>,
  current: OfferRef,
): Absence | undefined {
  const { clusters, offers, policies, standings } = context
  if (!policies.index.hasFailover) return undefined
  const { providerCluster: provider } = current
  const isGone = clusters.providers.isGone(provider)
  if (!isGone && !standings.absences.away.has(provider)) return undefined
  if (clusters.providers.presence(provider).state === 'lost' || standings.of(provider) === 'draining') return undefined
  const { policy, obstacle } = policies.index.for(known.object) ?? {}
  if (policy?.failover === undefined || obstacle !== undefined) return undefined
  if (!isGone && offers.isKnown(current) && !accepts(context, known, current)) return undefined
  const { name, failover } = policy
  return {
    policy: name,
    word: failoverFrom(provider, { name, failover }, standings.absences, clusters.coordination.now()),
  }
}
