import { copyName } from '@resource-broker/api'
import type { KubeClient } from '@resource-broker/kube'
import {
  type BrokeredKind,
  ClusterNotConnectedError,
  type Clusters,
  type Destination,
  type View,
} from '../../../packages/service/src/clusters/clusters.ts'
import { claimedOrigin, recordsView } from '../../../packages/service/src/clusters/plain.ts'
import type { ProviderRecords } from '../../../packages/service/src/clusters/provider-records.ts'
import { servedObstacle } from '../../../packages/service/src/clusters/served-obstacle.ts'

/** The kind that consumers want. */
const THING = {
  group: 'example.test',
  version: 'v1',
  kind: 'Thing',
  resource: 'things',
} as const satisfies BrokeredKind

/** What worlds of chance do without: kinds are found by discovery, and providers recorded. */
export type Whole = { records: ProviderRecords }

/** Plain clusters of one process, of which some may be away. */
export class SimulatedClusters {
  readonly clusters: Clusters
  readonly #clients: ReadonlyMap<string, KubeClient>
  readonly #away = new Set<string>()
  readonly #changed = new Set<() => void>()
  readonly #presence = new Set<(cluster: string) => void>()

  /** `clients`: by the name of the cluster; `platform` is the coordination cluster. */
  constructor(
    clients: ReadonlyMap<string, KubeClient>,
    consumers: string[],
    providers: string[],
    brokerID: string,
    whole?: Whole,
  ) {
    this.#clients = clients
    const { resource: _found, ...found } = THING
    const kinds: BrokeredKind[] = [whole === undefined ? THING : found]
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
        recordOf: (cluster) => whole?.records.get(cluster),
        onRecord: (listener) => void whole?.records.on('event', ({ name }) => listener(name)),
        obstacle:
          whole === undefined
            ? async () => undefined
            : servedObstacle({ provider, kinds, isNamespaced: async () => true }),
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
      kinds,
      clusterOf: () => name,
      shows: (cluster) => cluster === name,
      originOf: (metadata) => claimedOrigin(metadata, name),
    })
    const present = (names: string[]) => names.filter((name) => !this.#away.has(name))
    Object.defineProperty(this.clusters.views, 'all', {
      get: () => [
        recordsView(coordination),
        ...present(consumers).map((name) => viewOf(['sources'], name)),
        ...present(providers).map((name) => viewOf(['offers', 'copies'], name)),
      ],
    })
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
