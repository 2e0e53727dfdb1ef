import { conditionTypes, offerConditionType } from '@resource-broker/api'
import { offerEntry, type PartitionConsumer } from '@resource-broker/bus'
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
import type { RegistryContext } from './context.ts'
import { followKept } from './follow-kept.ts'
import { keptByKey } from './handlers/confirm-offer.ts'
import { register } from './handlers/register.ts'

const NAME = 'acceptapi-registry'
const config = configSchema({ ...clusterFlags })
type Config = z.output<typeof config>

const CONCURRENCY = 32

/** What providers offer: validates AcceptAPIs, tells them what is wrong, and keeps the bucket of offers. */
export const acceptAPIRegistry: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'Validates AcceptAPIs and keeps the offers.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const bus = await openBus(service)
  const clusters = await openClusters(service, bus)
  const bucket = await bus.bucket(bus.layout.offersBucket, offerEntry)
  let losses = 0
  const context: Omit<RegistryContext, 'put'> = {
    clusters,
    bucket,
    kept: new Map(),
    losses: () => losses,
    conditionType: offerConditionType(conditionTypes.ready, service.config.shard),
    logger: service.logger,
    now: () => new Date(),
  }
  let consumer: PartitionConsumer<Map<string, string>> | undefined
  await followKept(context, service.signal, (key) => consumer?.reconcile(key))
  const report = consumerReport(service)
  const under = clustersUnder(clusters)
  const lookAtKept = () => {
    for (const key of keptByKey(context.kept).keys()) consumer?.reconcile(key)
  }
  consumer = await bus.consume({
    service: NAME,
    parts: ['acceptapi', 'served'],
    concurrency: CONCURRENCY,
    remember: () => new Map<string, string>(),
    reconcile: traced(service, 'register', (run) =>
      register({ ...context, put: run.memory, clusters: under(run.fence) }, run),
    ),
    reconcilePartition: async (partition) => {
      for (const key of partition.keys()) partition.reconcile(key)
    },
    report: (event) => {
      report(event)
      if (event.type === 'took over') setImmediate(lookAtKept) // what the bucket holds, and the stream may not
    },
  })
  lookAtKept() // of partitions that were taken over meanwhile
  clusters.kinds.onChange(() => consumer?.reconcileAll())
  clusters.providers.onPresence(() => consumer?.reconcileAll()) // what was withdrawn when one left
  bucket.onLost(() => {
    losses++
    consumer?.reconcileAll()
  })
  service.onStop('consumer', () => consumer?.stop())
}
