import { copyName, originOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type Cluster, isTransient, KubeClient } from '@resource-broker/kube'
import type { ClusterConfig, SharedConfig } from '../flags.ts'
import type { ProcessContext, ServiceContext } from '../lifecycle.ts'
import { whenReached } from '../when-reached.ts'
import { clientOptions } from './client-options.ts'
import { ClusterNotReadyError, clusterUID } from './cluster-uid.ts'
import type { BrokeredKind, Clusters, CopyOrigin, Destination, Duty, View } from './clusters.ts'
import { consumerClaim } from './consumer-claim.ts'
import { ConsumerScopes } from './consumer-scopes.ts'
import { ProviderRecords } from './provider-records.ts'
import { Roster } from './roster.ts'
import { servedObstacle } from './served-obstacle.ts'
import { inOneVersion } from './watched-kinds.ts'

/**
 * Consumers and providers are clusters given as kubeconfig files, and a copy is in the provider's cluster. Once for all services of a
 * process.
 */
export async function openPlainClusters(
  service: ServiceContext<SharedConfig & ClusterConfig>,
  coordinationKubeconfig: string,
): Promise<Clusters> {
  const { config } = service
  return await service.shared('clusters', (process) => open({ ...process, config }, coordinationKubeconfig))
}

async function open(process: ProcessContext & { config: ClusterConfig }, kubeconfig: string): Promise<Clusters> {
  const { config, onStop, logger, signal, readyCheck } = process
  const coordination = await KubeClient.fromFile(kubeconfig, clientOptions(process, 'platform'))
  onStop('coordination client', () => coordination.close())
  const brokerID = await whenReached('the platform', process, () => clusterUID(coordination), isAway)
  const consumers = new Roster('consumer', {
    ...{ logger, files: config.consumerKubeconfig, directories: config.consumerKubeconfigDir },
    clientOptions: (name) => clientOptions(process, `consumer ${name}`),
    claimOf: (name, uid) => consumerClaim(coordination, name, uid),
  })
  const providers = new Roster('provider', {
    ...{ logger, files: config.providerKubeconfig, directories: config.providerKubeconfigDir },
    clientOptions: (name) => clientOptions(process, `provider ${name}`),
    claimOf: async () => ({}),
  })
  const records = new ProviderRecords()
  records.on('event', (event) => providers.take(event))
  readyCheck('providers', () => records.obstacle)
  await records.follow(coordination, logger, signal)
  await Promise.all([consumers.start(), providers.start()])
  onStop('kubeconfigs', () => {
    consumers.stop()
    providers.stop()
  })
  const { kinds, others } = inOneVersion(config.watchKind)
  for (const { kind, version, group } of others)
    logger.warn(
      `--watch-kind ${kind}.${version}.${group} is left out: one version of a kind is watched, the first that is given`,
    )
  return clustersOf({ brokerID, coordination, consumers, providers, records, kinds })
}

/** Whether the platform's API server may answer in a while. */
const isAway = (error: unknown): boolean => isTransient(error) || error instanceof ClusterNotReadyError

type Opened = {
  brokerID: string
  coordination: KubeClient
  consumers: Roster
  providers: Roster
  records: ProviderRecords
  kinds: readonly BrokeredKind[]
}

function clustersOf({ brokerID, coordination, consumers, providers, records, kinds }: Opened): Clusters {
  const provider = (cluster: string) => providers.client(cluster)
  const scopes = new ConsumerScopes(consumers)
  const destination = (cluster: string): Destination => ({
    cluster,
    client: provider(cluster),
    nameOf: (source) => copyName(source.cluster, source.name),
  })
  return {
    brokerID,
    coordination,
    // The scope of a kind is known once there is a consumer.
    kinds: { all: kinds, onChange: (listener) => void consumers.once('joined', listener) },
    consumers: {
      client: ({ cluster }) => consumers.client(cluster),
      describe: (cluster) => ({ cluster }),
      uidOf: (cluster) => consumers.uidOf(cluster),
    },
    providers: {
      client: provider,
      pathOf: (cluster) => cluster,
      isGone: (cluster) => !providers.hasKubeconfig(cluster) || providers.presence(cluster).state === 'lost',
      presence: (cluster) => providers.presence(cluster),
      onPresence: (listener) => void providers.on('presence', listener),
      get all() {
        return providers.names
      },
      uidOf: (cluster) => providers.uidOf(cluster),
      recordOf: (cluster) => records.get(cluster),
      onRecord: (listener) => void records.on('event', ({ name }) => listener(name)),
      obstacle: servedObstacle({ provider, kinds, isNamespaced: (kind) => scopes.isNamespaced(kind) }),
    },
    destinations: {
      of: (_source, cluster) => destination(cluster),
      find: (_source, cluster) => destination(cluster),
      at: destination,
      onReady: () => undefined,
    },
    views: {
      get all() {
        const of = (duties: Duty[], roster: Roster) => roster.all.map((cluster) => viewOf(duties, cluster, kinds))
        return [recordsView(coordination), ...of(['sources'], consumers), ...of(['offers', 'copies'], providers)]
      },
      onChange: (listener) => {
        for (const roster of [consumers, providers]) {
          roster.on('joined', listener)
          roster.on('left', listener)
        }
      },
      onCluster: () => undefined,
      isGone: () => false,
    },
  }
}

/** The platform's own records are of the cluster ''. */
export function recordsView(client: KubeClient): View {
  return {
    id: 'platform',
    client,
    duties: ['records'],
    kinds: [],
    clusterOf: () => '',
    shows: (cluster) => cluster === '',
    originOf: () => undefined,
  }
}

function viewOf(duties: Duty[], { name, client }: Cluster, kinds: View['kinds']): View {
  return {
    id: `${duties[0]}/${name}`,
    client,
    duties,
    ...(duties.includes('copies') ? { provider: name } : {}),
    kinds,
    clusterOf: () => name,
    shows: (cluster) => cluster === name,
    originOf: (metadata) => claimedOrigin(metadata, name),
  }
}

/** The origin that an object at a provider claims, if it stands where the copy of that origin would. */
export function claimedOrigin(metadata: KubeObject['metadata'], provider: string): CopyOrigin | undefined {
  const origin = originOf(metadata)
  if (origin === undefined || metadata.name !== copyName(origin.cluster, origin.name)) return undefined
  if (metadata.namespace !== origin.namespace) return undefined
  const { cluster: consumer, ...place } = origin
  return { consumer, ...place, provider }
}
