import {
  configSchema,
  consumerReport,
  coordinationFlags,
  file,
  openBus,
  openCoordination,
  type ServiceContext,
  type ServiceDefinition,
  traced,
} from '@resource-broker/service'
import { z } from 'zod'
import type { CoordinatorContext } from './context.ts'
import { look } from './handlers/look.ts'

const NAME = 'migration-coordinator'
const config = configSchema({
  ...coordinationFlags,
  computeKubeconfig: file(
    'Kubeconfig of the cluster for what the stages of a move deploy; stages are not run yet',
  ).optional(),
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
  const context: CoordinatorContext = { coordination, logger, tracing, now: () => new Date(), keepMs }
  const consumer = await bus.consume({
    service: NAME,
    parts: ['assignment', 'migration', 'configuration'],
    concurrency: CONCURRENCY,
    remember: () => new Map<string, number>(),
    reconcile: traced(service, 'move', (run) => look({ ...context, coordination: coordination.under(run.fence) }, run)),
    report: consumerReport(service),
  })
  service.onStop('consumer', () => consumer.stop())
}
