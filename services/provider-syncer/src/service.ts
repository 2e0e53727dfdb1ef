import {
  clusterFlags,
  clustersUnder,
  configSchema,
  consumerReport,
  openBus,
  openClusters,
  type ServiceContext,
  type ServiceDefinition,
  traced,
} from '@resource-broker/service'
import type { z } from 'zod'
import { newMemory, type Surroundings } from './context.ts'
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
  const under = clustersUnder(clusters)
  const context: Surroundings = {
    bus,
    clusters,
    logger: service.logger,
    waiting: new Waiting(),
    now: () => new Date(),
  }
  const consumer = await bus.consume({
    service: NAME,
    parts: ['source', 'source-related', 'decision', 'assignment', 'migration', 'copy', 'copy-related'],
    concurrency: CONCURRENCY,
    remember: newMemory,
    reconcile: traced(service, 'sync', (run) => {
      const { memory, fence } = run
      return sync({ ...context, ...memory, clusters: under(fence), check: fence.check }, run)
    }),
    report: consumerReport(service),
  })
  const wake = (keys: Iterable<string>) => {
    for (const key of keys) consumer.reconcile(key)
  }
  clusters.destinations.onReady(({ provider, consumer: of }) => wake(context.waiting.take(provider, of)))
  clusters.providers.onPresence((provider) => wake(context.waiting.take(provider)))
  service.onStop('consumer', () => consumer.stop())
}
