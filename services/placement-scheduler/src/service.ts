import type { OfferRef } from '@resource-broker/api'
import { offerEntry, type PartitionConsumer, type PartitionHandle, type Run } from '@resource-broker/bus'
import {
  clusterFlags,
  clustersUnder,
  configSchema,
  consumerReport,
  countByReason,
  openBus,
  openClusters,
  type ServiceContext,
  type ServiceDefinition,
  traced,
} from '@resource-broker/service'
import type { z } from 'zod'
import { Capacity } from './capacity/capacity.ts'
import type { SchedulerContext } from './context.ts'
import { Failovers } from './failover/failovers.ts'
import { look } from './handlers/look.ts'
import { isAffected } from './handlers/reconsider.ts'
import { newMemory, type SchedulerMemory, UNPLACED_REASONS } from './memory.ts'
import { Offers } from './offers.ts'
import { Policies } from './policies.ts'
import { Quotas } from './quotas/quotas.ts'
import { Standings } from './standings.ts'

const NAME = 'placement-scheduler'
const config = configSchema({ ...clusterFlags })
type Config = z.output<typeof config>

/** Objects that are placed at once. */
const CONCURRENCY = 128
/** Offers often change in groups; the objects are looked at once for a group. */
const SETTLE_MS = 50

/** The mind of the broker: decides where each object belongs, and when it must move. */
export const placementScheduler: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'Places objects at providers and asks for their moves.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const { logger, signal } = service
  let consumer: PartitionConsumer<SchedulerMemory> | undefined
  const bus = await openBus(service)
  const clusters = await openClusters(service, bus)
  const bucket = await bus.bucket(bus.layout.offersBucket, offerEntry)
  const nudge = debounce(SETTLE_MS, () => void bus.nudgePartitions('offers', { by: NAME }).catch(() => undefined)) // rejects only when closed
  const offers = new Offers(bucket, logger, nudge)
  await offers.start(signal)
  const capacityOf = (offer: OfferRef) => offers.capacityOf(offer)
  const capacity = new Capacity({
    coordination: clusters.coordination,
    capacityOf,
    freed: nudge,
    now: Date.now,
    logger: service.logger,
  }) // whoever found it full may have the room
  service.readyCheck('places', () => capacity.obstacle)
  const policies = new Policies({ coordination: clusters.coordination, logger, changed: nudge })
  service.readyCheck('policies', () => policies.obstacle)
  const quotas = new Quotas({
    ...{ coordination: clusters.coordination, describe: clusters.consumers.describe, changed: nudge },
    ...{ wake: (key) => consumer?.reconcile(key), now: Date.now, logger },
  })
  service.readyCheck('quotas', () => quotas.obstacle)
  await Promise.all([capacity.start(signal), policies.start(signal), quotas.start(signal)])
  const context: SchedulerContext = {
    bus,
    clusters,
    offers,
    capacity,
    standings: new Standings(clusters.providers, {
      changed: nudge,
      heedsAbsence: () => policies.index.hasFailover,
    }),
    policies,
    quotas,
    failovers: new Failovers(clusters.coordination),
    logger,
    tracing: service.tracing,
    now: () => new Date(),
  }
  const report = consumerReport(service)
  const under = clustersUnder(clusters)
  const lookAtClaims = () => {
    for (const its of [capacity, quotas]) for (const key of its.keys()) consumer?.reconcile(key)
  }
  consumer = await bus.consume({
    service: NAME,
    parts: ['source', 'assignment', 'migration', 'offers', 'policy'],
    alsoLoad: ['decision'],
    concurrency: CONCURRENCY,
    remember: newMemory,
    reconcile: traced(service, 'place', (run: Run<SchedulerMemory>) =>
      look({ ...context, clusters: under(run.fence) }, run),
    ),
    reconcilePartition: async (partition: PartitionHandle<SchedulerMemory>) => {
      const all = [...capacity.keys(), ...quotas.keys()]
      const claimants = all.filter((key) => bus.layout.partitionOf(key) === partition.partition)
      for (const key of new Set([...partition.keys(), ...claimants]))
        if (isAffected(context, key, partition.view(key))) partition.reconcile(key)
    },
    report: (event) => {
      report(event)
      if (event.type === 'took over') setImmediate(lookAtClaims) // also those of objects that nobody has a word of
    },
  })
  lookAtClaims() // of partitions that were taken over meanwhile
  const unplaced = {
    name: 'broker_unplaced_objects',
    help: 'Objects that have no provider, by the reason of their condition Placed.',
    reasons: UNPLACED_REASONS,
  }
  countByReason(
    service.metrics,
    unplaced,
    () => consumer?.memories.flatMap(({ unplaced: its }) => [...its.values()]) ?? [],
  )
  service.onStop('consumer', () => consumer?.stop())
}

function debounce(ms: number, run: () => void): () => void {
  let due = false
  return () => {
    if (due) return
    due = true
    setTimeout(() => {
      due = false
      run()
    }, ms)
  }
}
