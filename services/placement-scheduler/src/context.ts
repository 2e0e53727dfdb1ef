import type { Bus } from '@resource-broker/bus'
import type { Clusters, Logger, Tracing } from '@resource-broker/service'
import type { Capacity } from './capacity/capacity.ts'
import type { Failovers } from './failover/failovers.ts'
import type { Offers } from './offers.ts'
import type { Policies } from './policies.ts'
import type { Quotas } from './quotas/quotas.ts'
import type { Standings } from './standings.ts'

/** What the handlers of the scheduler work with. */
export type SchedulerContext = {
  bus: Pick<Bus, 'publish' | 'refresh'>
  clusters: Clusters
  offers: Offers
  /** Who has a place at an offer that has a capacity. */
  capacity: Capacity
  /** What the platform has each provider do, and how it calls it. */
  standings: Pick<Standings, 'of' | 'labels' | 'scores' | 'absences'>
  /** What the platform says of where objects go. */
  policies: Pick<Policies, 'index' | 'counts'>
  /** How many objects of each consumer may be placed, and which are. */
  quotas: Pick<
    Quotas,
    'enter' | 'isIdle' | 'isUnsettled' | 'learn' | 'leave' | 'matterOf' | 'remove' | 'settle' | 'usedOf'
  >
  /** Which objects may fail over now. */
  failovers: Pick<Failovers, 'ask'>
  logger: Logger
  tracing?: Tracing | undefined
  now: () => Date
}
