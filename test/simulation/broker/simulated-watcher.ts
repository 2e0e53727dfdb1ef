import { EventEmitter } from 'node:events'
import { type Contents, type InventoryItem, isOvertaken, type Part, type Publication } from '@resource-broker/bus'
import type { Clusters } from '../../../packages/service/src/clusters/clusters.ts'
import type { Logger } from '../../../packages/service/src/logger.ts'
import type { Heard, WatcherContext } from '../../../services/workspace-watcher/src/context.ts'
import { contentsOf, Inventory } from '../../../services/workspace-watcher/src/inventory.ts'
import { KeyBook } from '../../../services/workspace-watcher/src/key-book.ts'
import type { ProviderBook } from '../../../services/workspace-watcher/src/provider-book.ts'
import { Stuck } from '../../../services/workspace-watcher/src/stuck.ts'
import { Tally } from '../../../services/workspace-watcher/src/tally.ts'
import { UnderWay } from '../../../services/workspace-watcher/src/under-way.ts'
import { watchReport } from '../../../services/workspace-watcher/src/watch-report.ts'
import { WatchedViews } from '../../../services/workspace-watcher/src/watched-views.ts'
import type { SimulatedBus } from '../bus/simulated-bus.ts'
import type { SimulatedStream } from '../bus/state-stream.ts'
import { MUTE } from './mute-metrics.ts'

type Options = {
  bus: SimulatedBus
  stream: SimulatedStream
  clusters: Clusters
  logger: Logger
  /** Which of the views this process is to watch, as far as it knows who lives. */
  share: (views: string[]) => ReadonlySet<string>
  /** Who keeps the Providers; what is told of them to people is not simulated otherwise. */
  book?: ProviderBook
}

const WITHOUT_BOOK: WatcherContext['providers'] = {
  count: () => ({ tally: new Tally(() => undefined), complete: () => undefined }),
  listStuck: () => new Stuck(() => undefined),
  follow: () => () => undefined,
}

const RETRY_MS = 500

/** The watches of one process, with the rules and the loop of the real ones. */
export class SimulatedWatcher {
  readonly #options: Options
  readonly #watched: WatchedViews
  #epochs = 0

  constructor(options: Options) {
    this.#options = options
    const { bus, logger, clusters, book } = options
    const inView = new EventEmitter<{ cluster: [name: string] }>().setMaxListeners(0)
    clusters.views.onCluster((cluster) => void inView.emit('cluster', cluster))
    const underWay = new UnderWay()
    const context: WatcherContext = {
      logger,
      providers: book ?? WITHOUT_BOOK,
      keys: new KeyBook(), // nothing is there of a version before
      publish: <P extends Part>(publication: Publication<P>, heard: Heard) => {
        const stored = bus.publish(publication).then(
          (sequence) => heard(sequence, false),
          (error: unknown) => {
            if (!isOvertaken(error)) throw error
            heard(error.sequence ?? 0, true)
          },
        )
        underWay.add(stored)
        return undefined
      },
      settled: () => underWay.settled(),
      reportWatch: watchReport(
        { logger, metrics: MUTE },
        () => void bus.nudgePartitions('served', { by: 'workspace-watcher' }),
      ),
      onCluster: (listener, signal) => {
        inView.on('cluster', listener)
        signal.addEventListener('abort', () => void inView.off('cluster', listener))
      },
    }
    this.#watched = new WatchedViews(
      context,
      clusters.views,
      async (begun) => new Inventory(this.#readInventory(contentsOf(begun))),
    )
  }

  /** Starts and stops watches, so that exactly the share of this process is watched. */
  balance(): void {
    this.#watched.balance({ shareOf: (views) => new Set(this.#options.share([...views])) })
  }

  /** The stream has nothing any more. */
  restart(): void {
    this.#watched.restart()
  }

  /** A provider that left offers nothing any more. */
  async withdrawLost(): Promise<void> {
    const { bus, clusters } = this.#options
    for (const { part, key, object, sequence: after } of this.#readInventory([{ part: 'acceptapi' }])) {
      const { cluster, name, uid } = object
      if (!clusters.providers.isGone(cluster)) continue
      const message = { provider: cluster, name, object: null }
      const lost = { key, object, version: `${uid}-left`, epoch: `left-${++this.#epochs}`, tombstone: true, after }
      await bus.publish({ part, message, ...lost }).catch(async (error: unknown) => {
        if (!isOvertaken(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS)) // somebody says something else meanwhile
        await this.withdrawLost()
      })
    }
  }

  #readInventory(contents: Contents[]): InventoryItem[] {
    const { bus, stream } = this.#options
    return stream
      .last(() => true)
      .flatMap(({ subject, seq: sequence, object, version, tombstone }) => {
        const address = bus.layout.parse(subject)
        if (address === undefined || object === undefined || tombstone || !isAmong(contents, address)) return []
        return [{ ...address, object: JSON.parse(object), version, sequence }]
      })
  }
}

const isAmong = (contents: Contents[], { part, qualifier }: Contents): boolean =>
  contents.some((of) => of.part === part && (of.qualifier === undefined || of.qualifier === qualifier))
