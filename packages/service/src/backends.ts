import { Bus } from '@resource-broker/bus'
import { KubeClient, KubeconfigFiles } from '@resource-broker/kube'
import { ClusterSet, Clusters } from './clusters.ts'
import type { ClusterConfig, SharedConfig } from './flags.ts'
import type { ServiceContext } from './lifecycle.ts'

const DEFAULT_NATS = 'nats://127.0.0.1:4222'

/** Connects a service to the bus; closed with the service. @throws {BusUnusableError} */
export async function openBus({ name, config, onStop, readyCheck, logger }: ServiceContext): Promise<Bus> {
  const servers = config.nats.length > 0 ? config.nats : [DEFAULT_NATS]
  const bus = await Bus.open({
    connection: {
      servers,
      name,
      ...(config.natsCredentials === undefined ? {} : { credentialsFile: config.natsCredentials }),
      ...(config.natsCa === undefined ? {} : { caFile: config.natsCa }),
      ...(config.natsCert === undefined ? {} : { certificateFile: config.natsCert }),
      ...(config.natsKey === undefined ? {} : { keyFile: config.natsKey }),
    },
    prefix: config.streamPrefix,
    partitions: config.partitions,
  })
  onStop('bus', () => bus.close())
  readyCheck('bus', () => (bus.isConnected ? undefined : 'not connected to NATS'))
  bus.onLost(() => logger.warn('the stream was lost and is built again'))
  return bus
}

/** Connects a service to the clusters that its flags name; follows the directories until the service stops. */
export async function openClusters({
  config,
  onStop,
  logger,
}: ServiceContext<SharedConfig & ClusterConfig>): Promise<Clusters> {
  const consumers = new KubeconfigFiles({ files: config.consumerKubeconfig, directories: config.consumerKubeconfigDir })
  const providers = new KubeconfigFiles({ files: config.providerKubeconfig, directories: config.providerKubeconfigDir })
  for (const [role, files] of [
    ['consumer', consumers],
    ['provider', providers],
  ] as const) {
    files.on('joined', ({ name, path }) => logger.info({ role, cluster: name, path }, 'cluster joined'))
    files.on('left', ({ name }) => logger.info({ role, cluster: name }, 'cluster left'))
    files.on('invalid', (path, error) => logger.error({ role, path, err: error }, 'kubeconfig cannot be used'))
    await files.start()
    onStop(`${role} kubeconfigs`, () => files.stop())
  }
  const coordination = await KubeClient.fromFile(config.coordinationKubeconfig)
  onStop('coordination client', () => coordination.close())
  return new Clusters(coordination, new ClusterSet('consumer', consumers), new ClusterSet('provider', providers))
}
