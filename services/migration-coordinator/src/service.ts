import type { PartitionConsumer } from '@resource-broker/bus'
import {
  clusterFlags,
  clustersUnder,
  computeFlags,
  configSchema,
  consumerReport,
  countByReason,
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
import { type CoordinatorMemory, newMemory, WAIT_REASONS } from './memory.ts'
import { MoveMetrics } from './move-metrics.ts'
import { stagingUnder } from './stages/staging-under.ts'
import type { MoveLimits } from './turns/limits.ts'
import { Turns } from './turns/turns.ts'

const NAME = 'migration-coordinator'
const most = (of: string) =>
  z
    .int()
    .min(1)
    .optional()
    .meta({ description: `Most moves that run at once, ${of}; no limit if left out` })
const config = configSchema({
  ...clusterFlags,
  ...computeFlags,
  keepMigrations: z
    .int()
    .min(0)
    .default(86_400)
    .meta({ description: 'How long an ended Migration stays readable', value: 'SECONDS' }),
  movesTotal: most('in all'),
  movesPerConsumer: most('of the objects of one consumer'),
  movesPerProvider: most('from or to one provider'),
  movesWithoutApproval: z.int().min(0).optional().meta({
    description: 'Most moves that the change of one AcceptAPI causes before somebody agrees; any number if left out',
  }),
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
  const { logger, tracing, signal } = service
  // What a Migration records is read by other replicas: by one clock.
  const now = () => coordination.now()
  const compute = await openCompute(service)
  const clusters = compute && (await openClusters(service, bus))
  const staging = compute && clusters && stagingUnder(compute, clustersUnder(clusters))
  let consumer: PartitionConsumer<CoordinatorMemory> | undefined
  const turns = new Turns({
    ...{ coordination, logger, signal, now: () => now().getTime() },
    limits: limitsOfFlags(service.config),
    withoutApproval: service.config.movesWithoutApproval,
    wake: (key) => consumer?.reconcile(key),
  })
  const metrics = new MoveMetrics(service.metrics)
  const context = { bus, turns, metrics, logger, tracing, now, keepMs }
  consumer = await bus.consume({
    service: NAME,
    parts: ['assignment', 'migration', 'configuration', 'copy', 'copy-related', 'staged'],
    concurrency: CONCURRENCY,
    remember: newMemory,
    reconcile: traced(service, 'move', (run) =>
      look({ ...context, coordination: coordination.under(run.fence), staging: staging?.(run.fence) }, run),
    ),
    report: consumerReport(service),
  })
  const waiting = {
    name: 'broker_moves_waiting',
    help: 'Moves that wait for what does not come by itself, by the reason of their condition Ready.',
    reasons: WAIT_REASONS,
  }
  countByReason(
    service.metrics,
    waiting,
    () => consumer?.memories.flatMap((memory) => [...memory.waiting.values()].flat()) ?? [],
  )
  // What is left of a move from there waits for nobody any more.
  clusters?.providers.onPresence((provider) => {
    if (clusters.providers.presence(provider).state === 'lost') consumer?.reconcileAll()
  })
  service.onStop('consumer', () => consumer?.stop())
}

const limitsOfFlags = (flags: Config): MoveLimits => ({
  total: flags.movesTotal,
  perConsumer: flags.movesPerConsumer,
  perProvider: flags.movesPerProvider,
})
