import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { type Bus, isOvertaken, type Part, type Publication } from '@resource-broker/bus'
import {
  type Clusters,
  clusterFlags,
  computeFlags,
  computeView,
  configSchema,
  openBus,
  openClusters,
  openCompute,
  type ServiceContext,
  type ServiceDefinition,
  type View,
} from '@resource-broker/service'
import type { z } from 'zod'
import type { Heard, TraceOf, WatcherContext } from './context.ts'
import { contentsOf, Inventory } from './inventory.ts'
import { KeyBook } from './key-book.ts'
import { watchMetrics } from './metrics.ts'
import { ProviderBook } from './provider-book.ts'
import { publishTraced } from './publish-traced.ts'
import { UnderWay } from './under-way.ts'
import { watchReport } from './watch-report.ts'
import { WatchedViews } from './watched-views.ts'
import { withoutBody } from './without-body.ts'

const NAME = 'workspace-watcher'
const config = configSchema({ ...clusterFlags, ...computeFlags })
type Config = z.output<typeof config>

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
  const clusters = await openClusters(service, bus)
  const { providers } = clusters
  const compute = await openCompute(service)
  const views =
    compute === undefined ? clusters.views : withView(clusters.views, computeView(compute, clusters.brokerID))
  const inView = new EventEmitter<{ cluster: [name: string] }>().setMaxListeners(0)
  views.onCluster((cluster) => void inView.emit('cluster', cluster))
  const { logger, signal } = service
  const keys = new KeyBook()
  await keys.follow(clusters.coordination, logger, signal)
  const membership = bus.membership(NAME, randomUUID(), () => balance()) // nothing is awaited from here until there is one
  const book = new ProviderBook({
    ...{ coordination: clusters.coordination, providers, logger, signal },
    shareOf: (names) => membership.shareOf(names),
  })
  const context: WatcherContext = {
    ...publishing(service, bus),
    ...{ logger, keys, providers: book },
    onCluster: (listener, signal) => {
      inView.on('cluster', listener)
      signal.addEventListener('abort', () => void inView.off('cluster', listener))
    },
  }
  const watched = new WatchedViews(context, views, (begun) =>
    untilDone(service, async () => new Inventory(await bus.inventory(contentsOf(begun)))),
  )
  const withdraw = () => untilDone(service, () => withdrawLost(bus, clusters))
  const balance = () => {
    watched.balance(membership)
    book.review()
  }
  bus.onLost(() => watched.restart())
  views.onChange(balance)
  const lost = new Set<string>()
  providers.onPresence((cluster) => {
    if (providers.isGone(cluster)) void withdraw()
    if (providers.presence(cluster).state === 'lost') lost.add(cluster)
    else if (lost.delete(cluster)) watched.restart() // what it offers was withdrawn, though nothing changed at it
  })
  balance()
  await withdraw()
  service.onStop('watches', () => {
    membership.stop()
    book.stop()
    watched.stop()
  })
}

/** The same views, and one more. */
function withView(views: Clusters['views'], view: View): Clusters['views'] {
  return {
    get all() {
      return [...views.all, view]
    },
    onChange: (listener) => views.onChange(listener),
    onCluster: (listener) => views.onCluster(listener),
    isGone: (copies) => views.isGone(copies),
  }
}

/** How the watches publish and tell how they fare. */
export function publishing(
  { logger, metrics: registry, tracing }: Pick<ServiceContext, 'logger' | 'metrics' | 'tracing'>,
  bus: Bus,
): Pick<WatcherContext, 'publish' | 'settled' | 'reportWatch'> {
  const metrics = watchMetrics(registry)
  const underWay = new UnderWay()
  const store = async (publication: Publication, heard: Heard): Promise<void> => {
    const ifTooLarge = (size: { bytes: number; limit: number }) => {
      const { object, part } = publication
      logger.warn({ part, object, ...size }, 'object is larger than a message can be')
      return withoutBody(publication, size)
    }
    try {
      heard(await bus.publish({ ...publication, ifTooLarge }), false)
    } catch (error) {
      // Otherwise it was said above, or the connection was closed: this process ends.
      if (isOvertaken(error)) heard(error.sequence ?? 0, true)
    }
  }
  return {
    publish: <P extends Part>(publication: Publication<P>, heard: Heard, trace?: TraceOf) => {
      metrics.published(publication.part)
      const stored = publishTraced(tracing, publication as Publication, trace, (said) => store(said, heard))
      underWay.add(stored)
      return underWay.size > MOST_UNDER_WAY ? stored : undefined
    },
    settled: () => underWay.settled(),
    reportWatch: watchReport(
      { logger, metrics: registry },
      () => void bus.nudgePartitions('served', { by: NAME }).catch(() => undefined), // rejects only when closed
    ),
  }
}

/** Does again what the bus could not answer for; without the bus nothing can be published either. Never resolves after the stop. */
async function untilDone<T>({ signal, logger }: ServiceContext<Config>, run: () => Promise<T>): Promise<T> {
  while (!signal.aborted) {
    try {
      return await run()
    } catch (err) {
      logger.warn({ err }, 'the stream is not readable, trying again')
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
    }
  }
  return await new Promise(() => undefined)
}

/** A provider that left offers nothing any more, also if it left while nobody watched; and copies go with the workspace that they are in. */
async function withdrawLost(bus: Bus, clusters: Clusters): Promise<void> {
  const { providers, views } = clusters
  let isThrough = true
  for (const item of await bus.inventory([{ part: 'acceptapi' }, { part: 'copy' }])) {
    const { part, key, qualifier = '', object, sequence: after } = item
    const { cluster, group, version, resource, name, uid } = object
    if (part === 'acceptapi' && providers.isGone(cluster)) {
      const message = { provider: cluster, name, object: null }
      const lost = { key, object, version: `${uid}-left`, epoch: randomUUID(), tombstone: true, after }
      isThrough = (await isLast(bus.publish({ part, message, ...lost }))) && isThrough
    }
    if (part === 'copy' && views.isGone(cluster)) {
      const message = { provider: qualifier, cluster, gvr: { group, version, resource }, ours: false, object: null }
      const lost = { key, qualifier, object, version: `${uid}-gone`, tombstone: true, after }
      isThrough = (await isLast(bus.publish({ part, message, ...lost }))) && isThrough
    }
  }
  if (isThrough) return
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref()) // somebody says something else meanwhile
  await withdrawLost(bus, clusters)
}

/** Whether it was stored: a watch that ended may have had something under way. */
async function isLast(publication: Promise<unknown>): Promise<boolean> {
  return await publication.then(
    () => true,
    (error: unknown) => {
      if (isOvertaken(error)) return false
      throw error
    },
  )
}
