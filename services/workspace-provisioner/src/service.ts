import { conditionTypes, kcpLayout, offerConditionType } from '@resource-broker/api'
import { DONE, type PartitionConsumer, type Run } from '@resource-broker/bus'
import {
  clusterFlags,
  configSchema,
  consumerReport,
  type KcpClusters,
  openBus,
  openKcpClusters,
  type ServiceContext,
  type ServiceDefinition,
  traced,
} from '@resource-broker/service'
import { z } from 'zod'
import { newMemory, type ProvisionerMemory, type Surroundings } from './context.ts'
import { Provisioner } from './provisioner.ts'
import { Records } from './records.ts'
import { WorkspaceTree } from './workspace-tree.ts'

const NAME = 'workspace-provisioner'
const config = configSchema({
  ...clusterFlags,
  keepStaging: z
    .int()
    .min(0)
    .default(300)
    .meta({ description: 'kcp: how long a staging workspace without copies stays', value: 'SECONDS' }),
})
type Config = z.output<typeof config>

const CONCURRENCY = 32

/** Makes the workspaces that copies go to, and proves that providers' exports can be bound. Without kcp it has nothing to do. */
export const workspaceProvisioner: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'kcp: makes staging workspaces and verifies exports.',
  config,
  start,
}

/** When a trial is looked at again of which nothing tells. */
const TRIAL_MS = 500

async function start(service: ServiceContext<Config>): Promise<void> {
  const { logger, signal } = service
  const { kcpKubeconfig, keepStaging } = service.config
  if (kcpKubeconfig === undefined) return logger.info('nothing to do without kcp')
  const bus = await openBus(service)
  const clusters = await openKcpClusters(service, bus, kcpKubeconfig)
  let consumer: PartitionConsumer<ProvisionerMemory> | undefined
  const provisioner = new Provisioner(provisionerContext(service, clusters), {
    idleMs: keepStaging * 1_000,
    wake: (key) => consumer?.reconcile(key),
  })
  await provisioner.follow(signal)
  consumer = await bus.consume({
    service: NAME,
    parts: ['acceptapi', 'assignment'],
    concurrency: CONCURRENCY,
    remember: newMemory,
    reconcile: traced(service, 'judge', (run) => take(provisioner, run)),
    report: consumerReport(service),
  })
  service.onStop('work', () => provisioner.stop())
  service.onStop('consumer', () => consumer?.stop())
}

/** Takes what the last word on a key asks for. */
export async function take(provisioner: Provisioner, run: Run<ProvisionerMemory>) {
  const again = (await provisioner.take(run)) === 'look again'
  return again ? { requeueAfterMs: TRIAL_MS, reason: 'a trial is about to show what it serves' } : DONE
}

/** What the handlers work with, in a kcp. */
export function provisionerContext(
  {
    logger,
    tracing,
    config: { shard },
  }: Pick<ServiceContext, 'logger' | 'tracing'> & { config: { shard?: string | undefined } },
  clusters: KcpClusters,
): Surroundings {
  const { base, roots } = clusters.kcp
  const type = { name: kcpLayout.stagingWorkspaceType, path: roots.staging }
  const treeBelow = (root: string) => new WorkspaceTree(root, base.below(`/clusters/${root}`), { type, shard })
  return {
    clusters,
    trees: { staging: treeBelow(roots.staging), verification: treeBelow(roots.verification) },
    records: new Records(clusters.coordination, clusters.kcp.records),
    conditionType: offerConditionType(conditionTypes.bindingVerified, shard),
    logger,
    tracing,
    now: () => new Date(),
  }
}
