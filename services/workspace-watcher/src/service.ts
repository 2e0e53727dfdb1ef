import { randomUUID } from 'node:crypto'
import type { InventoryItem, Membership, Part, Publication } from '@resource-broker/bus'
import type { Cluster, ResourceRef } from '@resource-broker/kube'
import {
  type Clusters,
  clusterFlags,
  configSchema,
  openBus,
  openClusters,
  type ServiceContext,
  type ServiceDefinition,
} from '@resource-broker/service'
import type { z } from 'zod'
import { ClusterWatches, type Role } from './cluster-watches.ts'
import type { WatchedCluster, WatcherContext } from './context.ts'
import { watchMetrics } from './metrics.ts'
import { idOf } from './part-watch.ts'

const NAME = 'workspace-watcher'
const config = configSchema({ ...clusterFlags })
type Config = z.output<typeof config>

/** The parts that this service alone publishes as snapshots of objects. */
const PARTS: Part[] = ['source', 'source-related', 'copy', 'assignment', 'migration', 'acceptapi']
/** Publications under way at which the watches wait for the server. */
const MOST_UNDER_WAY = 512
/** How long until the bus is asked again. */
const RETRY_MS = 500

/** The eyes of the broker: watches consumers, providers and the platform, and publishes what it sees. */
export const workspaceWatcher: ServiceDefinition<Config> = {
  name: NAME,
  summary: 'Watches every cluster and publishes what changes.',
  config,
  start,
}

async function start(service: ServiceContext<Config>): Promise<void> {
  const bus = await openBus(service)
  const clusters = await openClusters(service)
  const metrics = watchMetrics(service.metrics)
  let inventory = await bus.inventory(PARTS)
  let underWay = 0
  const context: WatcherContext = {
    bus,
    kinds: service.config.watchKind,
    logger: service.logger,
    publish: <P extends Part>(publication: Publication<P>) => {
      underWay++
      metrics.published(publication.part)
      const stored = bus.publish(publication).finally(() => underWay--)
      return underWay > MOST_UNDER_WAY ? stored : void stored.catch(() => undefined) // rejects only when the connection closed
    },
    reportWatch: (cluster, resource, event) => {
      metrics.watch(event.type)
      if (event.type === 'connected') service.logger.debug({ cluster: cluster.name, ...resource }, 'watching')
      else if (event.type === 'disconnected')
        service.logger.info(
          { cluster: cluster.name, ...resource, err: event.error, retryInMs: event.retryInMs },
          'watch interrupted',
        )
      else service.logger.info({ cluster: cluster.name, ...resource, event }, 'watch changed')
    },
    inventory: (part, cluster, resource) => select(inventory, part, cluster, resource),
  }
  const watched = new WatchedClusters(context, clusters)
  const id = randomUUID()
  const membership = bus.membership(NAME, id, () => {
    void untilDone(service, async () => {
      inventory = await bus.inventory(PARTS)
      balance()
    })
  })
  const balance = () => watched.balance(membership)
  bus.onLost(() => {
    inventory = []
    watched.restart()
  })
  clusters.consumers.follow(balance, balance)
  clusters.providers.follow(balance, () => {
    balance()
    void untilDone(service, () => withdrawOffers(context, clusters))
  })
  balance()
  await withdrawOffers(context, clusters)
  service.onStop('watches', () => {
    membership.stop()
    watched.stop()
  })
}

/** Inventory of one part, cluster and resource, by namespace/name. */
function select(
  inventory: InventoryItem[],
  part: Part,
  cluster: string,
  resource: ResourceRef,
): Map<string, InventoryItem> {
  const matching = inventory.filter(({ part: its, object }) => {
    const ofResource =
      object.group === resource.group && object.version === resource.version && object.resource === resource.resource
    return its === part && object.cluster === cluster && ofResource
  })
  return new Map(matching.map((item) => [idOf(item.object), item]))
}

/** Does again what the bus could not answer for; without the bus nothing can be published either. */
async function untilDone({ signal, logger }: ServiceContext<Config>, run: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await run()
    } catch (err) {
      logger.warn({ err }, 'the stream is not readable, trying again')
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
    }
  }
}

/** A provider that left offers nothing any more, also if it left while nobody watched. */
async function withdrawOffers(context: WatcherContext, { providers }: Clusters): Promise<void> {
  for (const { key, object } of await context.bus.inventory(['acceptapi'])) {
    if (providers.find(object.cluster) !== undefined) continue
    const message = { provider: object.cluster, name: object.name, object: null }
    await context.bus.publish({
      part: 'acceptapi',
      key,
      message,
      object,
      version: `${object.uid}-left`,
      epoch: randomUUID(),
      tombstone: true,
    })
  }
}

/** The clusters that this replica watches: its share of those that are connected. */
class WatchedClusters {
  readonly #context: WatcherContext
  readonly #clusters: Clusters
  readonly #running = new Map<string, { cluster: WatchedCluster; watches: ClusterWatches }>()

  constructor(context: WatcherContext, clusters: Clusters) {
    this.#context = context
    this.#clusters = clusters
  }

  /** Starts and stops watches so that exactly this replica's share is watched. */
  balance(membership: Membership): void {
    const connected = this.#connected()
    const share = membership.shareOf(connected.map(([id]) => id))
    const wanted = new Map(
      connected.filter(([id]) => share.has(id)).map(([id, role, cluster]) => [id, { role, cluster }]),
    )
    for (const [id, { cluster, watches }] of this.#running) {
      if (wanted.get(id)?.cluster.client === cluster.client) continue
      watches.stop()
      this.#running.delete(id)
    }
    for (const [id, { role, cluster }] of wanted) {
      if (!this.#running.has(id))
        this.#running.set(id, { cluster, watches: new ClusterWatches(this.#context, role, cluster) })
    }
  }

  restart(): void {
    for (const { watches } of this.#running.values()) watches.restart()
  }

  stop(): void {
    for (const { watches } of this.#running.values()) watches.stop()
    this.#running.clear()
  }

  #connected(): [id: string, role: Role, cluster: WatchedCluster][] {
    const of = (role: Role, all: Cluster[]) =>
      all.map((cluster): [string, Role, WatchedCluster] => [`${role}/${cluster.name}`, role, cluster])
    return [
      ['platform/', 'platform', { name: '', client: this.#clusters.coordination }],
      ...of('consumer', this.#clusters.consumers.all),
      ...of('provider', this.#clusters.providers.all),
    ]
  }
}
