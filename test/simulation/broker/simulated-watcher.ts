import type { Bus, InventoryItem, Part, Publication } from '@resource-broker/bus'
import type { Clusters } from '../../../packages/service/src/clusters/clusters.ts'
import type { Logger } from '../../../packages/service/src/logger.ts'
import type { WatcherContext } from '../../../services/workspace-watcher/src/context.ts'
import { idOf } from '../../../services/workspace-watcher/src/part-watch.ts'
import { ViewWatches } from '../../../services/workspace-watcher/src/view-watches.ts'
import type { SimulatedBus } from '../bus/simulated-bus.ts'
import type { SimulatedStream } from '../bus/state-stream.ts'

type Options = {
  bus: SimulatedBus
  stream: SimulatedStream
  clusters: Clusters
  logger: Logger
  /** Which of the views this process is to watch, as far as it knows who lives. */
  share: (views: string[]) => ReadonlySet<string>
}

const PARTS: ReadonlySet<Part> = new Set<Part>(['source', 'source-related', 'copy', 'assignment', 'migration', 'acceptapi'])

/** The watches of one process, with the rules and the loop of the real ones. */
export class SimulatedWatcher {
  readonly #options: Options
  readonly #context: WatcherContext
  readonly #running = new Map<string, ViewWatches>()
  #inventory: InventoryItem[]
  #epochs = 0

  constructor(options: Options) {
    this.#options = options
    this.#inventory = this.#readInventory()
    const { bus, logger } = options
    this.#context = {
      bus: bus as unknown as Bus,
      logger,
      publish: <P extends Part>(publication: Publication<P>) => void bus.publish(publication),
      reportWatch: () => undefined,
      inventory: (part, { group, version, resource }) =>
        new Map(
          this.#inventory
            .filter(({ object, ...item }) => item.part === part && object.group === group && object.version === version && object.resource === resource)
            .map((item) => [idOf(item.object), item]),
        ),
      onCluster: () => undefined,
    }
  }

  /** Starts and stops watches, so that exactly the share of this process is watched. */
  balance(): void {
    const { clusters, share } = this.#options
    const all = clusters.views.all
    const wanted = share(all.map(({ id }) => id))
    for (const [id, watches] of this.#running) {
      if (wanted.has(id)) continue
      watches.stop()
      this.#running.delete(id)
    }
    const missing = all.filter(({ id }) => wanted.has(id) && !this.#running.has(id))
    if (missing.length > 0) this.#inventory = this.#readInventory()
    for (const view of missing) this.#running.set(view.id, new ViewWatches(this.#context, view))
  }

  /** The stream has nothing any more. */
  restart(): void {
    this.#inventory = []
    for (const watches of this.#running.values()) watches.restart()
  }

  /** A provider that left offers nothing any more. */
  async withdrawLost(): Promise<void> {
    const { bus, clusters } = this.#options
    for (const { part, key, object } of this.#readInventory()) {
      const { cluster, name, uid } = object
      if (part !== 'acceptapi' || !clusters.providers.isGone(cluster)) continue
      const message = { provider: cluster, name, object: null }
      const lost = { key, object, version: `${uid}-left`, epoch: `left-${++this.#epochs}`, tombstone: true }
      await bus.publish({ part, message, ...lost })
    }
  }

  #readInventory(): InventoryItem[] {
    const { bus, stream } = this.#options
    return stream.last(() => true).flatMap(({ subject, object, version, tombstone }) => {
      const address = bus.layout.parse(subject)
      if (address === undefined || object === undefined || tombstone || !PARTS.has(address.part)) return []
      return [{ ...address, object: JSON.parse(object), version }]
    })
  }
}
