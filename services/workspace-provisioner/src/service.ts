import {
  Assignment,
  kcpLayout,
  type StagingPlace,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from '@resource-broker/api'
import { DONE, type KeyView, type PartitionConsumer } from '@resource-broker/bus'
import { isForbidden } from '@resource-broker/kube'
import {
  clusterFlags,
  configSchema,
  consumerReport,
  openBus,
  openKcpClusters,
  type ServiceContext,
  type ServiceDefinition,
  type StagingCluster,
} from '@resource-broker/service'
import { z } from 'zod'
import type { ProvisionerContext, Wanted } from './context.ts'
import { exportOfOffer, judge } from './handlers/judge.ts'
import { retire } from './handlers/retire.ts'
import { stage } from './handlers/stage.ts'
import { verify } from './handlers/verify.ts'
import { Records } from './records.ts'
import { Wants } from './wants.ts'
import { WorkQueue } from './work-queue.ts'
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

/** Keys, and workspaces, that are worked on at once. */
const CONCURRENCY = 32

/** Makes the workspaces that copies go to, and proves that providers' exports can be bound. Without kcp it has nothing to do. */
export const workspaceProvisioner: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'kcp: makes staging workspaces and verifies exports.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const { logger, signal } = service
  const { kcpKubeconfig, keepStaging } = service.config
  if (kcpKubeconfig === undefined) return logger.info('nothing to do without kcp')
  const bus = await openBus(service)
  const clusters = await openKcpClusters(service, bus, kcpKubeconfig)
  const context = contextOf(service, clusters)
  const wants = new Wants()
  const { staging } = clusters.kcp
  const work = new WorkQueue(
    CONCURRENCY,
    (name) => reconcile(context, wants.get(name), name),
    (name, err, retryInMs) => {
      const message = isForbidden(err) ? err.message : String((err as Error).message)
      if (context.failures.get(name) !== message) logger.warn({ workspace: name, err, retryInMs }, 'trying again')
      context.failures.set(name, message)
      wake(name)
    },
  )
  let consumer: PartitionConsumer | undefined
  const wake = (name: string) => {
    for (const key of wants.keysOf(name)) consumer?.reconcile(key)
  }
  const look = (name: string) => {
    if (wants.get(name) !== undefined || context.retiring.has(name)) work.push(name)
  }
  const idleMs = keepStaging * 1_000
  const leave = (name: string) => work.later(name, idleMs)
  staging.on('changed', (now, before) => {
    const { name = '', consumerCluster } = now ?? before ?? {}
    look(name)
    if (consumerCluster !== undefined) {
      const trial = verificationWorkspaceName((now ?? before) as StagingCluster)
      if (now === undefined && wants.get(trial) === undefined) leave(trial) // it stayed for the copies' sake
      return
    }
    wake(name)
    for (const key of wants.takeUnserved((now ?? before)?.providerCluster ?? '')) consumer?.reconcile(key)
    for (const other of wants.stagedAt(now ?? before)) work.push(other)
  })
  staging.on('seen', (cluster) => {
    for (const tree of Object.values(context.trees)) {
      const name = tree.nameOf(cluster)
      if (name !== undefined) look(name)
    }
  })
  const report = (err: unknown) => logger.warn({ err }, 'the workspaces of the broker cannot be read')
  await Promise.all([
    context.trees.staging.follow(look, report, signal),
    context.trees.verification.follow(look, report, signal),
    context.records.follow((name) => void (wants.get(name) === undefined && leave(name)), signal),
  ])
  consumer = await bus.consume({
    service: NAME,
    parts: ['acceptapi', 'assignment'],
    concurrency: CONCURRENCY,
    reconcile: async (key, view) => {
      const before = wants.of(key)
      const now = [...(await offered(context, wants, key, view)), ...placed(context, wants, key, view)]
      wants.set(key, now)
      for (const { name } of now) if (!before.has(name)) work.push(name)
      for (const name of before) if (wants.get(name) === undefined) leave(name)
      return DONE
    },
    report: consumerReport(service),
  })
  service.onStop('work', () => work.stop())
  service.onStop('consumer', () => consumer?.stop())
}

function contextOf({ logger }: ServiceContext<Config>, clusters: ProvisionerContext['clusters']): ProvisionerContext {
  const { base, roots } = clusters.kcp
  const type = { name: kcpLayout.stagingWorkspaceType, path: roots.staging }
  const treeBelow = (root: string) => new WorkspaceTree(root, base.below(`/clusters/${root}`), type)
  return {
    clusters,
    trees: { staging: treeBelow(roots.staging), verification: treeBelow(roots.verification) },
    records: new Records(clusters.coordination),
    claimed: new Map(),
    retiring: new Set(),
    failures: new Map(),
    logger,
    now: () => new Date(),
  }
}

async function reconcile(context: ProvisionerContext, wanted: Wanted | undefined, name: string): Promise<void> {
  if (wanted === undefined) await retire(context, name)
  else if (wanted.consumerCluster === undefined) await verify(context, wanted)
  else await stage(context, { ...wanted, consumerCluster: wanted.consumerCluster })
  context.failures.delete(name)
}

/** The trial that an AcceptAPI asks for; what it came to is written into it. */
async function offered(context: ProvisionerContext, wants: Wants, key: string, view: KeyView): Promise<Wanted[]> {
  const offer = view.get('acceptapi')
  const of = offer === undefined ? undefined : exportOfOffer(offer)
  if (offer === undefined || of === undefined) return []
  const wanted = { ...of, name: verificationWorkspaceName(of) }
  wants.add(key, wanted) // what is learned from now on calls again
  await judge(context, offer, of)
  return [wanted]
}

/** The workspaces for the copies that an Assignment asks for. */
function placed({ clusters }: ProvisionerContext, wants: Wants, key: string, view: KeyView): Wanted[] {
  const object = view.get('assignment')?.object
  if (object === undefined || object === null) return []
  const { consumerCluster, providerCluster, gvr, copies = [] } = Assignment.of(object).spec
  const providers = [providerCluster, ...copies.map((copy) => copy.providerCluster)]
  return providers.flatMap((provider) => {
    const serving = clusters.kcp.staging
      .between(undefined, provider)
      .find(({ resources }) =>
        resources.some(({ group, resource }) => group === gvr.group && resource === gvr.resource),
      )
    if (serving === undefined) {
      wants.addUnserved(key, provider)
      return []
    }
    const place: StagingPlace = { consumerCluster, providerCluster: provider, apiExportName: serving.apiExportName }
    return [{ ...place, name: stagingWorkspaceName(place) }]
  })
}
