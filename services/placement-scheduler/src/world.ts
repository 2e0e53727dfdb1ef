import type { PlacementWorld } from '@resource-broker/api'
import type { SchedulerContext } from './context.ts'

/** What the answer for one object goes by, as it is known now. */
export function worldFor({ offers, capacity, standings }: SchedulerContext, key: string): PlacementWorld {
  return { offers: offers.index, usage: capacity.usageBy(key), standing: (provider) => standings.of(provider) }
}
