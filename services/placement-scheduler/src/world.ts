import { acceptedBy, type OfferRef, type PlacementWorld } from '@resource-broker/api'
import type { SchedulerContext } from './context.ts'
import type { Known } from './known.ts'

/** What the answer for one object goes by, as it is known now. */
export function worldFor({ offers, capacity, standings, policies }: SchedulerContext, key: string): PlacementWorld {
  return {
    offers: offers.index,
    usage: capacity.usageBy(key),
    standing: (provider) => standings.of(provider),
    policies: policies.index,
    labels: (provider) => standings.labels(provider),
    scores: (provider) => standings.scores(provider),
  }
}

/** Whether the provider of an offer accepts the object, which it has or is about to have, as it is now. */
export function accepts(
  context: SchedulerContext,
  { object, key }: Pick<Known, 'object' | 'key'>,
  offer: OfferRef,
): boolean {
  return acceptedBy(object, offer, worldFor(context, key)) !== undefined
}
