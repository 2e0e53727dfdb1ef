import { copyName, STAGE_KINDS } from '@resource-broker/api'
import { KubeClient } from '@resource-broker/kube'
import {
  type BrokeredKind,
  ClusterNotConnectedError,
  type Clusters,
  type Destination,
  type View,
} from '../../../packages/service/src/clusters/clusters.ts'
import { type Compute, computeView, computeWith } from '../../../packages/service/src/clusters/compute.ts'
import { claimedOrigin, recordsView } from '../../../packages/service/src/clusters/plain.ts'
import { ProviderRecords } from '../../../packages/service/src/clusters/provider-records.ts'
import { servedObstacle } from '../../../packages/service/src/clusters/served-obstacle.ts'
import { tellRequests } from '../../../packages/service/src/clusters/tell-requests.ts'
import type { Logger } from '../../../packages/service/src/logger.ts'
import type { ApiServer } from '../server/api-server.ts'
import { SimulatedWire, type WireOptions } from '../server/wire.ts'
import { COMPUTE } from '../world/places.ts'
import { MUTE } from './mute-metrics.ts'

/** The kind that consumers want. */
const THING = {
  group: 'example.test',
  version: 'v1',
  kind: 'Thing',
  resource: 'things',
} as const satisfies BrokeredKind

/** What plain clusters are made of. */
export type PlainSurroundings = {
  /** By the name of the cluster; `platform` is the coordination cluster. */
  servers: ReadonlyMap<string, ApiServer>
  consumers: string[]
  providers: string[]
  wire: Omit<WireOptions, 'server'>
  /** What the platform says of providers is heard. */
  isRecorded?: boolean
  /** Kinds are found by discovery, providers recorded, and clients tell of requests that wait: worlds of chance do without. */
  isWhole?: true
}

/** Plain clusters of one process, of which some may be away. */
export class SimulatedClusters {
  readonly clusters: Clusters
  /** Where stages deploy, if there is a server for that. */
  readonly compute: Compute | undefined
  readonly #clients: ReadonlyMap<string, KubeClient>
  readonly #records = new ProviderRecords()
  readonly #logger: Logger
  readonly #away = new Set<string>()
  readonly #changed = new Set<() => void>()
  readonly #presence = new Set<(cluster: string) => void>()

  /** Must run in the process. */
  constructor(around: PlainSurroundings, logger: Logger) {
    const { servers, consumers, providers, wire } = around
    const isWhole = around.isWhole === true
    this.#logger = logger
    const clients = new Map([...servers].map(([name, server]) => [name, clientOf(server, wire, isWhole && logger)]))
    this.#clients = clients
    const { resource: _found, ...found } = THING
    const kinds: BrokeredKind[] = [isWhole ? found : THING]
    const brokerID = servers.get('platform')?.find({ resource: 'namespaces', name: 'kube-system' })?.metadata.uid ?? ''
    const provider = (name: string) => this.#client('provider', name)
    const destination = (cluster: string): Destination => ({
      cluster,
      client: provider(cluster),
      nameOf: (source) => copyName(source.cluster, source.name),
    })
    const isAway = (name: string) => this.#away.has(name) || !providers.includes(name)
    const uidOf = (name: string) => `uid-of-${name}`
    const coordination = clients.get('platform') as KubeClient
    this.clusters = {
      brokerID,
      coordination,
      kinds: { all: kinds, onChange: () => undefined },
      consumers: {
        client: ({ cluster }) => this.#client('consumer', cluster),
        describe: (cluster) => ({ cluster }),
        uidOf,
      },
      providers: {
        client: provider,
        pathOf: (cluster) => cluster,
        isGone: isAway,
        presence: (cluster) =>
          isAway(cluster)
            ? { state: 'away', since: new Date(0), reason: 'NotConnected', why: `provider ${cluster} is not connected` }
            : { state: 'connected' },
        onPresence: (listener) => void this.#presence.add(listener),
        all: providers,
        uidOf,
        recordOf: (cluster) => this.#records.get(cluster),
        onRecord: (listener) => void this.#records.on('event', ({ name }) => listener(name)),
        obstacle: isWhole ? servedObstacle({ provider, kinds, isNamespaced: async () => true }) : async () => undefined,
      },
      destinations: {
        of: (_source, cluster) => destination(cluster),
        find: (_source, cluster) => destination(cluster),
        at: destination,
        onReady: () => undefined,
      },
      views: {
        all: [],
        onChange: (listener) => void this.#changed.add(listener),
        onCluster: () => undefined,
        isGone: () => false,
      },
    }
    const viewOf = (duties: View['duties'], name: string): View => ({
      id: `${duties[0]}/${name}`,
      client: clients.get(name) as KubeClient,
      duties,
      ...(duties.includes('copies') ? { provider: name } : {}),
      kinds,
      clusterOf: () => name,
      shows: (cluster) => cluster === name,
      originOf: (metadata) => claimedOrigin(metadata, name),
    })
    const computer = clients.get(COMPUTE)
    this.compute = computer && computeWith(computer, { namespace: undefined, kinds: STAGE_KINDS })
    const computing = this.compute === undefined ? [] : [computeView(this.compute, brokerID)]
    const present = (names: string[]) => names.filter((name) => !this.#away.has(name))
    Object.defineProperty(this.clusters.views, 'all', {
      get: () => [
        recordsView(coordination),
        ...present(consumers).map((name) => viewOf(['sources'], name)),
        ...present(providers).map((name) => viewOf(['offers', 'copies'], name)),
        ...computing,
      ],
    })
  }

  /** Follows the record of providers, where there is one. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.#records.follow(this.clusters.coordination, this.#logger, signal)
  }

  /** A kubeconfig was taken away, or is there again. */
  setAway(name: string, isAway: boolean): void {
    if (isAway) this.#away.add(name)
    else this.#away.delete(name)
    for (const listener of this.#changed) listener()
    for (const listener of this.#presence) listener(name)
  }

  #client(role: string, name: string): KubeClient {
    const client = this.#clients.get(name)
    if (client === undefined || this.#away.has(name))
      throw new ClusterNotConnectedError(`${role} ${name} is not connected`)
    return client
  }
}

/** `tells`: who hears of its requests that wait. */
function clientOf(server: ApiServer, wire: PlainSurroundings['wire'], tells: Logger | false): KubeClient {
  const options = tells && { onEvent: tellRequests({ logger: tells, metrics: MUTE }, server.name) }
  return new KubeClient({ transport: new SimulatedWire({ ...wire, server }), base: '' }, options || {})
}
