import type { OfferRef } from '@resource-broker/api'
import type { Bus } from '@resource-broker/bus'
import type { Clusters, Logger } from '@resource-broker/service'
import type { Offers } from './offers.ts'

/** What the handlers of the scheduler work with. */
export type SchedulerContext = {
  bus: Bus
  clusters: Clusters
  offers: Offers
  /** How many objects this replica knows at an offer. */
  usage: (offer: OfferRef) => number
  /** Counts an object at an offer before its Assignment stands: others are decided at the same time. */
  reserve: (key: string, offer: OfferRef) => void
  logger: Logger
  now: () => Date
}
