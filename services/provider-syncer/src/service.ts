import {
  clusterFlags,
  clustersUnder,
  configSchema,
  consumerReport,
  openBus,
  openClusters,
  type ServiceContext,
  type ServiceDefinition,
} from '@resource-broker/service'
import type { z } from 'zod'
import type { SyncerMemory, SyncerSurroundings } from './context.ts'
import { sync } from './handlers/sync.ts'
import { Waiting } from './waiting.ts'

const NAME = 'provider-syncer'
const config = configSchema({ ...clusterFlags })
type Config = z.output<typeof config>

/** Objects that are synced at once: several times what may wait for one provider that does not answer. */
const CONCURRENCY = 256

/** The hands of the broker: makes copies be what the Assignments say, and brings back what providers answer. */
export const providerSyncer: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'Copies specs down, and status and related objects up.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const bus = await openBus(service)
  const clusters = await openClusters(service, bus)
  const context: SyncerSurroundings = {
    bus,
    clusters,
    logger: service.logger,
    waiting: new Waiting(),
    now: () => new Date(),
  }
  const consumer = await bus.consume({
    service: NAME,
    parts: ['source', 'source-related', 'decision', 'assignment', 'copy', 'copy-related'],
    concurrency: CONCURRENCY,
    remember: (): SyncerMemory => ({ compared: new Map(), told: new Map() }),
    reconcile: (run) => sync({ ...context, ...run.memory, clusters: clustersUnder(clusters, run.fence) }, run),
    report: consumerReport(service),
  })
  clusters.destinations.onReady((pair) => {
    for (const key of context.waiting.take(pair)) consumer.reconcile(key)
  })
  service.onStop('consumer', () => consumer.stop())
}
