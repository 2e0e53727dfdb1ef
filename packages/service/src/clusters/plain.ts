import { AcceptAPI, copyName, originOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type Cluster, KubeClient, KubeconfigFiles, resolveResource } from '@resource-broker/kube'
import type { ClusterConfig, SharedConfig } from '../flags.ts'
import type { ServiceContext } from '../lifecycle.ts'
import { clusterUID } from './cluster-uid.ts'
import {
  ClusterNotConnectedError,
  type Clusters,
  type CopyOrigin,
  type Destination,
  type Duty,
  type View,
} from './clusters.ts'

type Role = 'consumer' | 'provider'

/** Consumers and providers are clusters given as kubeconfig files, and a copy is in the provider's cluster. */
export async function openPlainClusters(
  service: ServiceContext<SharedConfig & ClusterConfig>,
  coordinationKubeconfig: string,
): Promise<Clusters> {
  const { config, onStop } = service
  const consumers = await openFiles(service, 'consumer', {
    files: config.consumerKubeconfig,
    directories: config.consumerKubeconfigDir,
  })
  const providers = await openFiles(service, 'provider', {
    files: config.providerKubeconfig,
    directories: config.providerKubeconfigDir,
  })
  const coordination = await KubeClient.fromFile(coordinationKubeconfig)
  onStop('coordination client', () => coordination.close())
  const brokerID = await clusterUID(coordination)
  const clientOf = (role: Role, files: KubeconfigFiles) => (name: string) => {
    const cluster = files.get(name)
    if (cluster === undefined) throw new ClusterNotConnectedError(`${role} ${name} is not connected`)
    return cluster.client
  }
  const consumer = clientOf('consumer', consumers)
  const provider = clientOf('provider', providers)
  const destination = (cluster: string): Destination => ({
    cluster,
    client: provider(cluster),
    nameOf: (source) => copyName(source.cluster, source.name),
  })
  const kinds = config.watchKind
  return {
    brokerID,
    coordination,
    kinds: { all: kinds, onChange: () => undefined },
    consumers: { client: ({ cluster }) => consumer(cluster), describe: (cluster) => ({ cluster }) },
    providers: {
      client: provider,
      pathOf: (cluster) => cluster,
      isGone: (cluster) => providers.get(cluster) === undefined,
      presence: (cluster) =>
        providers.get(cluster) === undefined
          ? { state: 'away', why: `provider ${cluster} is not connected` }
          : { state: 'connected' },
      onLeft: (listener) => void providers.on('left', listener),
      obstacle: async (cluster, acceptAPI) => {
        const { gvr } = AcceptAPI.of(acceptAPI).spec
        const served = await resolveResource(provider(cluster), gvr)
        const name = [gvr.resource, gvr.version, gvr.group].filter((part) => part !== '').join('.')
        if (served === undefined)
          return { reason: 'KindNotServed', message: `${cluster} does not serve ${name} itself`, again: true }
        const isWatched = kinds.some(({ group, kind }) => group === served.group && kind === served.kind)
        if (isWatched) return undefined
        return { reason: 'KindNotWatched', message: `no one watches ${name}, which is of the kind ${served.kind}` }
      },
    },
    destinations: {
      of: (_source, cluster) => destination(cluster),
      find: (_source, cluster) => destination(cluster),
      at: destination,
      onReady: () => undefined,
    },
    views: {
      get all() {
        const of = (duties: Duty[], files: KubeconfigFiles) =>
          files.all.map((cluster) => viewOf(duties, cluster, kinds))
        return [recordsView(coordination), ...of(['sources'], consumers), ...of(['offers', 'copies'], providers)]
      },
      onChange: (listener) => {
        for (const files of [consumers, providers]) {
          files.on('joined', listener)
          files.on('left', listener)
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

async function openFiles(
  { onStop, logger }: ServiceContext,
  role: Role,
  options: { files: string[]; directories: string[] },
): Promise<KubeconfigFiles> {
  const files = new KubeconfigFiles(options)
  files.on('joined', ({ name, path }) => logger.info({ role, cluster: name, path }, 'cluster joined'))
  files.on('left', ({ name }) => logger.info({ role, cluster: name }, 'cluster left'))
  files.on('invalid', (path, error) => logger.error({ role, path, err: error }, 'kubeconfig cannot be used'))
  await files.start()
  onStop(`${role} kubeconfigs`, () => files.stop())
  return files
}
