import { EventEmitter } from 'node:events'
import {
  AcceptAPI,
  apiExportNameOf,
  conditionTypes,
  getCondition,
  kcpLayout,
  offerConditionType,
  serviceSetLayout,
} from '@resource-broker/api'
import type { Bus, KubeObject, SourceRef } from '@resource-broker/bus'
import { type Connections, type LogicalCluster, LogicalClusters } from '@resource-broker/kube'
import type { ClusterConfig, SharedConfig } from '../../flags.ts'
import type { ProcessContext, ServiceContext } from '../../lifecycle.ts'
import type { Logger } from '../../logger.ts'
import { type BrokeredKind, ClusterNotConnectedError, type Clusters, type Obstacle } from '../clusters.ts'
import { type PresenceEvent, PresenceMachine } from '../presence.ts'
import { ProviderRecords } from '../provider-records.ts'
import { notConnected } from '../roster.ts'
import { destinationsIn } from './destinations.ts'
import { type KcpServer, openKcpServer } from './server.ts'
import { rememberedSlice, type Slice, Slices, unpartitioned } from './slices.ts'
import { Staging } from './staging.ts'
import { StagingRecords } from './staging-records.ts'
import { tellBindings } from './tell-bindings.ts'
import { KcpViews } from './views.ts'

/** What is only there in kcp: for whoever makes the broker's own workspaces. */
export type KcpClusters = Clusters & {
  kcp: { base: ReturnType<Connections['at']>; staging: Staging; records: StagingRecords; roots: Roots }
}
type Roots = { staging: string; verification: string }

/** Consumers and providers are the logical clusters behind APIExports, and copies are in staging workspaces. Once for all services of a process. */
export async function openKcpClusters(
  service: ServiceContext<SharedConfig & ClusterConfig>,
  bus: Bus,
  kubeconfig: string,
): Promise<KcpClusters> {
  const server = await openKcpServer(service, kubeconfig)
  return await service.shared('kcp', (process) => open({ ...process, config: service.config }, bus, server))
}

type Opening = ProcessContext & { config: ClusterConfig }

async function open(process: Opening, bus: Bus, { base, connections }: KcpServer): Promise<KcpClusters> {
  const { config, logger, onStop, readyCheck } = process
  const { coordinationWorkspace: workspace, ...trees } = serviceSetLayout(config.shard, config)
  const roots: Roots = { staging: trees.stagingTreeRoot, verification: trees.verificationTreeRoot }
  const bucket = await bus.bucket(bus.layout.endpointsBucket, rememberedSlice)
  const isBrokered = (slice: string) => slice !== config.acceptapi
  const common = { base, bucket, logger }
  const slices = new Slices({
    ...common,
    ...{ workspace, prefix: 'brokered', readsKinds: isBrokered },
    misfit: (slice) => (isBrokered(slice.metadata.name) ? unpartitioned(slice, config.shard) : undefined),
  })
  const own = new Slices({ ...common, workspace: roots.staging, prefix: 'staging', readsKinds: () => false })
  const served = new ServedSlices(slices, connections, config.acceptapi, logger)
  await Promise.all([slices.start(), own.start()])
  onStop('endpoint slices', () => {
    slices.stop()
    own.stop()
    served.stop()
  })
  const offers = needed(slices, config.acceptapi, `--acceptapi: ${workspace}`)
  const workspaces = needed(own, kcpLayout.stagingExport, roots.staging)
  for (const [name, each] of Object.entries({ slices, own })) readyCheck(`kcp/${name}`, () => each.obstacle)

  const staging = new Staging(workspaces.endpoints, connections, roots)
  tellBindings(staging.bindings, workspaces.name, logger)
  onStop('staging', () => staging.bindings.stop())
  const isCertain = () => own.obstacle === undefined && staging.bindings.isComplete
  const coordination = base.below(`/clusters/${workspace}`)
  const views = new KcpViews(coordination, connections, staging, { kinds: () => served.kinds, isCertain })
  views.setMaxListeners(0)
  await Promise.all([served.start(views), staging.bindings.start()])
  const providers = providersBehind(served.clusters(offers))
  const { records } = providers
  readyCheck('providers', () => records.obstacle)
  await records.follow(coordination, logger, process.signal)
  const stagingRecords = new StagingRecords()
  stagingRecords.follow(coordination, logger, process.signal)
  return {
    brokerID: offers.cluster,
    coordination,
    kinds: {
      get all() {
        return served.kinds
      },
      onChange: (listener) => void served.on('kinds', listener),
    },
    consumers: {
      client: ({ cluster, gvr }) => served.consumer(cluster, gvr).client,
      describe: (cluster) => ({ cluster, path: served.consumer(cluster).path }),
      // A logical cluster's name is its own for ever.
      uidOf: (cluster) => cluster,
    },
    providers: {
      client: (cluster) => providers.connected(cluster).client,
      pathOf: (cluster) => providers.clusters?.get(cluster)?.path ?? cluster,
      isGone: (cluster) =>
        providers.machine.of(cluster).state === 'lost' ||
        (slices.obstacle === undefined &&
          providers.clusters?.bindings.isComplete === true &&
          providers.clusters.get(cluster) === undefined),
      presence: (cluster) => providers.machine.of(cluster),
      onPresence: (listener) => void providers.events.on('presence', listener),
      get all() {
        return providers.machine.names
      },
      uidOf: (cluster) => providers.machine.uidOf(cluster),
      recordOf: (cluster) => records.get(cluster),
      onRecord: (listener) => void records.on('event', ({ name }) => listener(name)),
      obstacle: async (_cluster, acceptAPI) => obstacleOf(acceptAPI, config.shard),
    },
    destinations: destinationsIn(staging, stagingRecords, isCertain),
    views,
    kcp: { base, staging, records: stagingRecords, roots },
  }
}

function needed(slices: Slices, name: string, where: string): Slice {
  const slice = slices.get(name)
  if (slice !== undefined) return slice
  const others = slices.all.map((other) => other.name).join(', ') || 'none'
  throw new Error(`${where} has no APIExportEndpointSlice "${name}"; there are: ${others}`)
}

/** The presence of the logical clusters with AcceptAPIs. Each is known by what it is, so all that answers is believed. */
function providersBehind(clusters: LogicalClusters | undefined) {
  const machine = new PresenceMachine('provider', new Date())
  const records = new ProviderRecords()
  const events = new EventEmitter<{ presence: [cluster: string] }>().setMaxListeners(0)
  const take = (event: PresenceEvent) => {
    for (const { name } of machine.on(event, new Date())) events.emit('presence', name)
  }
  const came = ({ name }: LogicalCluster) => {
    take({ type: 'came', name })
    take({ type: 'identified', name, uid: name })
  }
  clusters?.on('joined', came)
  clusters?.on('left', ({ name }) => take({ type: 'went', name }))
  clusters?.all.forEach(came)
  records.on('event', take)
  const connected = (name: string): LogicalCluster => {
    const cluster = clusters?.get(name)
    const presence = machine.of(name)
    if (cluster === undefined || presence.state !== 'connected') throw notConnected('provider', name, presence)
    return cluster
  }
  return { clusters, machine, records, events, connected }
}

/** The slices that are followed, with the logical clusters behind each. */
class ServedSlices extends EventEmitter<{ kinds: [] }> {
  readonly #slices: Slices
  readonly #connections: Connections
  readonly #acceptapi: string
  readonly #logger: Logger
  readonly #clusters = new Map<Slice, LogicalClusters>()

  constructor(slices: Slices, connections: Connections, acceptapi: string, logger: Logger) {
    super()
    this.setMaxListeners(0)
    this.#slices = slices
    this.#connections = connections
    this.#acceptapi = acceptapi
    this.#logger = logger
  }

  async start(views: KcpViews): Promise<void> {
    this.#slices.on('added', (slice) => void this.#serve(slice, views))
    this.#slices.on('removed', (slice) => {
      views.hide(slice)
      this.#clusters.get(slice)?.stop()
      this.#clusters.delete(slice)
      this.emit('kinds')
    })
    this.#slices.on('changed', (slice) => {
      views.refresh(slice)
      this.emit('kinds')
    })
    await Promise.all(this.#slices.all.map((slice) => this.#serve(slice, views)))
  }

  stop(): void {
    for (const clusters of this.#clusters.values()) clusters.stop()
  }

  clusters(slice: Slice): LogicalClusters | undefined {
    return this.#clusters.get(slice)
  }

  get kinds(): readonly BrokeredKind[] {
    return this.#slices.all.flatMap(({ kinds }) => kinds)
  }

  /** A consumer, through the export that serves `gvr` where one is given. */
  consumer(name: string, gvr?: SourceRef['gvr']): LogicalCluster {
    for (const [slice, clusters] of this.#clusters) {
      const serves = gvr === undefined || slice.kinds.some((kind) => isOf(kind, gvr))
      const cluster = serves && slice.name !== this.#acceptapi ? clusters.get(name) : undefined
      if (cluster !== undefined) return cluster
    }
    throw new ClusterNotConnectedError(`consumer ${name} is not connected: its APIBinding is not known here`)
  }

  async #serve(slice: Slice, views: KcpViews): Promise<void> {
    const clusters = new LogicalClusters(slice.endpoints, this.#connections)
    this.#clusters.set(slice, clusters)
    tellBindings(clusters.bindings, slice.name, this.#logger)
    views.show(slice, clusters, slice.name === this.#acceptapi ? 'offers' : 'sources')
    await clusters.start()
  }
}

function isOf(kind: BrokeredKind, gvr: SourceRef['gvr']): boolean {
  return kind.group === gvr.group && kind.version === gvr.version && kind.resource === gvr.resource
}

/** What the verification of the export came to, which whoever makes the workspaces writes into the AcceptAPI. */
function obstacleOf(acceptAPI: KubeObject, shard: string | undefined): Obstacle | undefined {
  const offer = AcceptAPI.of(acceptAPI)
  const { metadata, status } = offer
  const name = apiExportNameOf(offer)
  const verified = getCondition(status?.conditions, offerConditionType(conditionTypes.bindingVerified, shard))
  if (name === undefined)
    return {
      reason: 'NoAPIExport',
      message: 'spec.apiExportName must name the APIExport that serves the resource',
      withdraws: true,
    }
  if (verified?.status === 'True' && verified.observedGeneration === metadata.generation) return undefined
  if (verified?.status === 'False') return { reason: 'BindingNotVerified', message: verified.message, withdraws: true }
  const message = verified?.status === 'Unknown' ? verified.message : `${name} is being bound for a trial`
  return { reason: 'VerifyingBinding', message, pending: true }
}
