import { conditionTypes, type OfferRef, offerConditionType } from '@resource-broker/api'
import type { OfferEntry, PartitionHandle, Run } from '@resource-broker/bus'
import { type Address, Layout } from '@resource-broker/bus'
import type { PartitionConsumerOptions } from '../../../packages/bus/src/consumer-options.ts'
import { Snapshots } from '../../../packages/bus/src/snapshots.ts'
import type { Clusters } from '../../../packages/service/src/clusters/clusters.ts'
import type { Compute } from '../../../packages/service/src/clusters/compute.ts'
import type { KcpClusters } from '../../../packages/service/src/clusters/kcp/open.ts'
import { clustersUnder } from '../../../packages/service/src/clusters/under-fence.ts'
import { consumerReport } from '../../../packages/service/src/consumer-report.ts'
import type { Logger } from '../../../packages/service/src/logger.ts'
import { followKept } from '../../../services/acceptapi-registry/src/follow-kept.ts'
import { keptByKey } from '../../../services/acceptapi-registry/src/handlers/confirm-offer.ts'
import { register } from '../../../services/acceptapi-registry/src/handlers/register.ts'
import { look as lookAtMoves } from '../../../services/migration-coordinator/src/handlers/look.ts'
import {
  type CoordinatorMemory,
  newMemory as newCoordinatorMemory,
} from '../../../services/migration-coordinator/src/memory.ts'
import { stagingUnder } from '../../../services/migration-coordinator/src/stages/staging-under.ts'
import type { MoveLimits } from '../../../services/migration-coordinator/src/turns/limits.ts'
import { Turns } from '../../../services/migration-coordinator/src/turns/turns.ts'
import { Capacity } from '../../../services/placement-scheduler/src/capacity/capacity.ts'
import type { SchedulerContext } from '../../../services/placement-scheduler/src/context.ts'
import { Failovers } from '../../../services/placement-scheduler/src/failover/failovers.ts'
import { look } from '../../../services/placement-scheduler/src/handlers/look.ts'
import { isAffected } from '../../../services/placement-scheduler/src/handlers/reconsider.ts'
import {
  newMemory as newSchedulerMemory,
  type SchedulerMemory,
} from '../../../services/placement-scheduler/src/memory.ts'
import { Offers } from '../../../services/placement-scheduler/src/offers.ts'
import { Policies } from '../../../services/placement-scheduler/src/policies.ts'
import { Quotas } from '../../../services/placement-scheduler/src/quotas/quotas.ts'
import { Standings } from '../../../services/placement-scheduler/src/standings.ts'
import { newMemory, type SyncerMemory } from '../../../services/provider-syncer/src/context.ts'
import { sync } from '../../../services/provider-syncer/src/handlers/sync.ts'
import { Waiting } from '../../../services/provider-syncer/src/waiting.ts'
import {
  newMemory as newProvisionerMemory,
  type ProvisionerMemory,
} from '../../../services/workspace-provisioner/src/context.ts'
import { Provisioner } from '../../../services/workspace-provisioner/src/provisioner.ts'
import { provisionerContext, take } from '../../../services/workspace-provisioner/src/service.ts'
import { ProviderBook } from '../../../services/workspace-watcher/src/provider-book.ts'
import type { ServiceName } from '../../support/broker.ts'
import { type BucketStore, SimulatedBucket } from '../bus/simulated-bucket.ts'
import { SimulatedBus } from '../bus/simulated-bus.ts'
import { SimulatedConsumer } from '../bus/simulated-consumer.ts'
import type { SimulatedStream } from '../bus/state-stream.ts'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { MUTE } from './mute-metrics.ts'
import { SimulatedWatcher } from './simulated-watcher.ts'

export const PARTITIONS = 2
export const LAYOUT = new Layout('sim', PARTITIONS)
/** How often replicas look who lives. */
const SHARE_MS = 1_500

export type Surroundings = {
  time: VirtualTime
  stream: SimulatedStream
  offers: BucketStore
  busDelay: () => number
  isBusAnswerLost: () => boolean
  keepMigrationsMs: number
  /** How many moves may run at once. */
  moveLimits?: MoveLimits
  /** How many of them the change of one offer may cause before somebody agrees. */
  withoutApproval?: number | undefined
  /** How long a staging workspace without copies stays, in a kcp. */
  keepStagingMs?: number
  /** Names of the replicas that this one takes for alive. */
  alive: (asking: Process) => string[]
  logger: (process: Process) => Logger
  /** Keeps the record of providers: worlds of chance do without. */
  isWhole?: true
  /** Keeps it in a world of chance. */
  keepsProviders?: boolean
  /** Heeds ConsumerQuotas: worlds without them do without. */
  heedsQuotas?: boolean
}

/** What a service is connected to. */
export type Connected = { clusters: Clusters | KcpClusters; compute?: Compute | undefined }

/** All services of the broker in one simulated process, on plain clusters or in a kcp. */
export class Replica {
  readonly process: Process
  readonly #connect: (service: ServiceName) => Connected
  readonly #around: Surroundings
  readonly #bus: SimulatedBus
  readonly #watcher: SimulatedWatcher
  readonly #snapshots = new Snapshots()
  readonly #addresses = new Map<string, Address | undefined>()
  readonly #consumers: { leave: (partition: number) => void }[] = []
  readonly #logger: Logger
  readonly #book: ProviderBook | undefined

  constructor(process: Process, around: Surroundings, connect: (service: ServiceName) => Connected) {
    this.process = process
    this.#around = around
    this.#connect = connect
    this.#logger = around.logger(process)
    const { time, stream, busDelay: delay, isBusAnswerLost: isLost } = around
    this.#bus = new SimulatedBus(LAYOUT, { time, stream, delay, isLost })
    const logger = this.#logger.child({ service: 'workspace-watcher' })
    const { signal } = process
    const { clusters } = connect('workspace-watcher')
    const keepsProviders = around.isWhole === true || around.keepsProviders === true
    const shareOf = (names: Iterable<string>) => new Set(names)
    this.#book = keepsProviders ? new ProviderBook({ ...clusters, logger, signal, shareOf }) : undefined
    this.#watcher = new SimulatedWatcher({
      bus: this.#bus,
      stream,
      clusters,
      logger,
      share: (views) => this.#share(views),
      ...(this.#book && { book: this.#book }),
    })
  }

  /** Begins its life; must run in the process. */
  async start(): Promise<void> {
    const { stream } = this.#around
    stream.onLost(this.process, () => {
      this.#bus.forget()
      this.#watcher.restart()
    })
    const { clusters } = this.#connect('workspace-watcher')
    clusters.views.onChange(() => this.#watcher.balance())
    clusters.providers.onPresence((cluster) => {
      if (clusters.providers.isGone(cluster)) void this.#watcher.withdrawLost()
    })
    this.#watch()
    this.#book?.review()
    await this.#startRegistry()
    await this.#startScheduler()
    this.#startSyncer()
    this.#startCoordinator()
    if ('kcp' in clusters) await this.#startProvisioner()
  }

  /** Leaves a partition of each service to the other replicas. */
  leave(partition: number): void {
    for (const consumer of this.#consumers) consumer.leave(partition)
  }

  #watch(): void {
    this.#watcher.balance()
    setTimeout(() => this.#watch(), SHARE_MS)
  }

  /** Every view belongs to one of those that live. */
  #share(views: string[]): ReadonlySet<string> {
    const alive = this.#around.alive(this.process).sort()
    const mine = (_: string, index: number) => alive[index % alive.length] === this.process.name
    return new Set([...views].sort().filter(mine))
  }

  /** `tookOver` is called when a partition was taken over. */
  #consume<M>(options: PartitionConsumerOptions<M>, tookOver: () => void = () => undefined): SimulatedConsumer<M> {
    const { time, stream, busDelay: delay } = this.#around
    const around = {
      time,
      process: this.process,
      stream,
      bus: this.#bus,
      snapshots: this.#snapshots,
      addresses: this.#addresses,
      delay,
    }
    const logger = this.#logger.child({ service: options.service })
    const tell = consumerReport({ logger, metrics: MUTE })
    const report: PartitionConsumerOptions<M>['report'] = (event) => {
      tell(event)
      if (event.type === 'took over') setTimeout(tookOver, 0)
    }
    const consumer = new SimulatedConsumer(around, { ...options, report })
    this.#consumers.push(consumer)
    return consumer
  }

  #bucket(): SimulatedBucket<OfferEntry> {
    return new SimulatedBucket<OfferEntry>(this.#around.offers)
  }

  readonly #now = () => new Date(Date.now())

  async #startRegistry(): Promise<void> {
    const bucket = this.#bucket()
    const kept = new Map<string, OfferEntry>()
    const { clusters } = this.#connect('acceptapi-registry')
    const under = clustersUnder(clusters)
    let losses = 0
    const context = {
      clusters,
      bucket,
      kept,
      losses: () => losses,
      conditionType: offerConditionType(conditionTypes.ready, undefined),
      logger: this.#logger.child({ service: 'acceptapi-registry' }),
      now: this.#now,
    }
    let consumer: SimulatedConsumer<Map<string, string>> | undefined
    await followKept(context, this.process.signal, (key) => consumer?.reconcile(key))
    consumer = this.#consume(
      {
        service: 'acceptapi-registry',
        parts: ['acceptapi', 'served'],
        concurrency: 32,
        remember: () => new Map<string, string>(),
        reconcile: (run) => register({ ...context, put: run.memory, clusters: under(run.fence) }, run),
        reconcilePartition: async (partition) => {
          for (const key of partition.keys()) partition.reconcile(key)
        },
      },
      () => {
        for (const key of keptByKey(kept).keys()) consumer?.reconcile(key)
      },
    )
    clusters.kinds.onChange(() => consumer?.reconcileAll())
    clusters.providers.onPresence(() => consumer?.reconcileAll())
    bucket.onLost(() => {
      losses++
      consumer?.reconcileAll()
    })
  }

  async #startScheduler(): Promise<void> {
    const { clusters } = this.#connect('placement-scheduler')
    const under = clustersUnder(clusters)
    let due = false
    const nudge = () => {
      if (due) return
      due = true
      setTimeout(() => {
        due = false
        void this.#bus.nudgePartitions('offers', { by: 'placement-scheduler' })
      }, 50)
    }
    const logger = this.#logger.child({ service: 'placement-scheduler' })
    const offers = new Offers(this.#bucket(), logger, nudge)
    await offers.start(this.process.signal)
    const capacityOf = (offer: OfferRef) => offers.capacityOf(offer)
    const capacity = new Capacity({
      coordination: clusters.coordination,
      capacityOf,
      freed: nudge,
      now: () => Date.now(),
      logger,
    })
    const policies = new Policies({ coordination: clusters.coordination, logger, changed: nudge })
    const { signal } = this.process
    let wake: (key: string) => void = () => undefined
    const quotas = new Quotas({
      ...{ coordination: clusters.coordination, describe: clusters.consumers.describe, changed: nudge, logger },
      ...{ wake: (key) => wake(key), now: () => Date.now() },
    })
    await Promise.all([capacity.start(signal), policies.start(signal)])
    if (this.#around.isWhole === true || this.#around.heedsQuotas === true) await quotas.start(signal)
    const context: SchedulerContext = {
      bus: this.#bus,
      clusters,
      offers,
      capacity,
      standings: new Standings(clusters.providers, { changed: nudge, heedsAbsence: () => policies.index.hasFailover }),
      policies,
      quotas,
      failovers: new Failovers(clusters.coordination),
      logger,
      now: this.#now,
    }
    const consumer: SimulatedConsumer<SchedulerMemory> = this.#consume(
      {
        service: 'placement-scheduler',
        parts: ['source', 'assignment', 'migration', 'offers', 'policy'],
        alsoLoad: ['decision'],
        concurrency: 128,
        remember: newSchedulerMemory,
        reconcile: (run: Run<SchedulerMemory>) => look({ ...context, clusters: under(run.fence) }, run),
        reconcilePartition: async (partition: PartitionHandle<SchedulerMemory>) => {
          const claimants = [...capacity.keys(), ...quotas.keys()].filter(
            (key) => this.#bus.layout.partitionOf(key) === partition.partition,
          )
          for (const key of new Set([...partition.keys(), ...claimants]))
            if (isAffected(context, key, partition.view(key))) partition.reconcile(key)
        },
      },
      () => {
        for (const its of [capacity, quotas]) for (const key of its.keys()) consumer.reconcile(key)
      },
    )
    wake = (key) => consumer.reconcile(key)
  }

  #startSyncer(): void {
    const { clusters } = this.#connect('provider-syncer')
    const under = clustersUnder(clusters)
    const waiting = new Waiting()
    const logger = this.#logger.child({ service: 'provider-syncer' })
    const context = { bus: this.#bus, clusters, logger, waiting, now: this.#now }
    const consumer = this.#consume<SyncerMemory>({
      service: 'provider-syncer',
      parts: ['source', 'source-related', 'decision', 'assignment', 'migration', 'copy', 'copy-related'],
      concurrency: 256,
      remember: newMemory,
      reconcile: (run) => {
        const { memory, fence } = run
        return sync({ ...context, ...memory, clusters: under(fence), check: fence.check }, run)
      },
    })
    const wake = (keys: Iterable<string>) => {
      for (const key of keys) consumer.reconcile(key)
    }
    clusters.destinations.onReady(({ provider, consumer: of }) => wake(waiting.take(provider, of)))
    clusters.providers.onPresence((provider) => wake(waiting.take(provider)))
  }

  #startCoordinator(): void {
    const { clusters, compute } = this.#connect('migration-coordinator')
    const { coordination } = clusters
    const now = () => coordination.now()
    const staging = compute && stagingUnder(compute, clustersUnder(clusters))
    const logger = this.#logger.child({ service: 'migration-coordinator' })
    let consumer: SimulatedConsumer<CoordinatorMemory> | undefined
    const { signal } = this.process
    const turns = new Turns({
      ...{ coordination, logger, signal, now: () => now().getTime() },
      limits: this.#around.moveLimits ?? {},
      withoutApproval: this.#around.withoutApproval,
      wake: (key) => consumer?.reconcile(key),
    })
    const context = { bus: this.#bus, turns, logger, now, keepMs: this.#around.keepMigrationsMs }
    consumer = this.#consume({
      service: 'migration-coordinator',
      parts: ['assignment', 'migration', 'configuration', 'copy', 'copy-related', 'staged'],
      concurrency: 32,
      remember: newCoordinatorMemory,
      reconcile: (run: Run<CoordinatorMemory>) =>
        lookAtMoves({ ...context, coordination: coordination.under(run.fence), staging: staging?.(run.fence) }, run),
    })
  }

  async #startProvisioner(): Promise<void> {
    const clusters = this.#connect('workspace-provisioner').clusters as KcpClusters
    const logger = this.#logger.child({ service: 'workspace-provisioner' })
    let consumer: SimulatedConsumer<ProvisionerMemory> | undefined
    const context = { ...provisionerContext({ logger, tracing: undefined, config: {} }, clusters), now: this.#now }
    const wake = (key: string) => consumer?.reconcile(key)
    const provisioner = new Provisioner(context, { idleMs: this.#around.keepStagingMs ?? 0, wake })
    await provisioner.follow(this.process.signal)
    consumer = this.#consume({
      service: 'workspace-provisioner',
      parts: ['acceptapi', 'assignment'],
      concurrency: 32,
      remember: newProvisionerMemory,
      reconcile: (run) => take(provisioner, run),
    })
  }
}
