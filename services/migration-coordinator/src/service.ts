import {
  clusterFlags,
  clustersUnder,
  computeFlags,
  configSchema,
  consumerReport,
  openBus,
  openClusters,
  openCompute,
  openCoordination,
  type ServiceContext,
  type ServiceDefinition,
  traced,
} from '@resource-broker/service'
import { z } from 'zod'
import { look } from './handlers/look.ts'
import { stagingUnder } from './stages/staging-under.ts'

const NAME = 'migration-coordinator'
const config = configSchema({
  ...clusterFlags,
  ...computeFlags,
  keepMigrations: z
    .int()
    .min(0)
    .default(86_400)
    .meta({ description: 'How long an ended Migration stays readable', value: 'SECONDS' }),
})
type Config = z.output<typeof config>

const CONCURRENCY = 32

/** Moves objects between providers: drives each Migration through its states by editing the Assignment. */
export const migrationCoordinator: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'Moves objects from provider to provider.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const bus = await openBus(service)
  const coordination = await openCoordination(service)
  const keepMs = service.config.keepMigrations * 1_000
  const { logger, tracing } = service
  const compute = await openCompute(service)
  const staging = compute && stagingUnder(compute, clustersUnder(await openClusters(service, bus)))
  const context = { logger, tracing, now: () => new Date(), keepMs }
  const consumer = await bus.consume({
    service: NAME,
    parts: ['assignment', 'migration', 'configuration', 'copy', 'copy-related', 'staged'],
    concurrency: CONCURRENCY,
    remember: () => new Map<string, number>(),
    reconcile: traced(service, 'move', (run) =>
      look({ ...context, coordination: coordination.under(run.fence), staging: staging?.(run.fence) }, run),
    ),
    report: consumerReport(service),
  })
  service.onStop('consumer', () => consumer.stop())
}
