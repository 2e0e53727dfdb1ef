import { serviceSetLayout } from '@resource-broker/api'
import { Bus, type BusOptions, isUnreachable } from '@resource-broker/bus'
import { KubeClient } from '@resource-broker/kube'
import { clientOptions } from './clusters/client-options.ts'
import type { Clusters } from './clusters/clusters.ts'
import { openKcpClusters } from './clusters/kcp/open.ts'
import { openKcpServer } from './clusters/kcp/server.ts'
import { openPlainClusters } from './clusters/plain.ts'
import type { ClusterConfig, CoordinationConfig, SharedConfig } from './flags.ts'
import type { ProcessContext, ServiceContext } from './lifecycle.ts'
import { publishReport } from './publish-report.ts'
import { whenReached } from './when-reached.ts'

const DEFAULT_NATS = 'nats://127.0.0.1:4222'

/**
 * Connects a service to the bus: one connection for all services of a process, so that what they say in one turn is one write, and
 * what several of them read is kept once. @throws {BusUnusableError}
 */
export function openBus({ shared, config }: ServiceContext<SharedConfig & Partial<CoordinationConfig>>): Promise<Bus> {
  return shared('bus', (process) => connectBus(process, config))
}

async function connectBus(process: ProcessContext, config: SharedConfig & Partial<CoordinationConfig>): Promise<Bus> {
  const { onStop, readyCheck, logger } = process
  const options = busOptions(process, config)
  const bus = await whenReached('NATS', process, () => Bus.open(options), isUnreachable)
  onStop('bus', () => bus.close())
  readyCheck('bus', () => (bus.isConnected ? undefined : 'not connected to NATS'))
  readyCheck('bus/publish', () => bus.publishTrouble)
  readyCheck('bus/stream', () => bus.streamTrouble)
  bus.onLost(() => logger.warn('the stream was lost and is built again'))
  return bus
}

function busOptions(process: ProcessContext, config: SharedConfig & Partial<CoordinationConfig>): BusOptions {
  const { name, logger, metrics, tracing } = process
  const servers = config.nats.length > 0 ? config.nats : [DEFAULT_NATS]
  return {
    connection: {
      servers,
      name,
      ...(config.natsCredentials === undefined ? {} : { credentialsFile: config.natsCredentials }),
      ...(config.natsCa === undefined ? {} : { caFile: config.natsCa }),
      ...(config.natsCert === undefined ? {} : { certificateFile: config.natsCert }),
      ...(config.natsKey === undefined ? {} : { keyFile: config.natsKey }),
    },
    prefix: busPrefix(config),
    partitions: config.partitions,
    ...(config.streamReplicas === undefined ? {} : { replicas: config.streamReplicas }),
    patience: (waitsFor, begin) => whenReached(waitsFor, process, begin, isUnreachable),
    copies: ({ type, ...about }) =>
      type === 'few'
        ? logger.warn(about, 'a stream has not the copies that it is to have, and goes on with those that it has')
        : logger.info(about, 'a stream has the copies that it is to have'),
    report: publishReport({ logger, metrics }),
    refused: (err) => logger.error({ err }, 'NATS does not allow this'),
    ...(tracing === undefined ? {} : { traceparent: () => tracing.traceparent() }),
  }
}

/** Several sets of services can share one NATS server: their streams, buckets and subjects differ in the shard. */
export function busPrefix({
  streamPrefix,
  shard,
}: Pick<SharedConfig & Partial<CoordinationConfig>, 'streamPrefix' | 'shard'>): string {
  return shard === undefined ? streamPrefix : `${streamPrefix}-${shard}`
}

/** Connects a service to consumers, providers and the platform, in the mode that its flags name; follows them until it stops. */
export async function openClusters(service: ServiceContext<SharedConfig & ClusterConfig>, bus: Bus): Promise<Clusters> {
  const { kcpKubeconfig, coordinationKubeconfig } = service.config
  if (kcpKubeconfig !== undefined) return await openKcpClusters(service, bus, kcpKubeconfig)
  return await openPlainClusters(service, coordinationKubeconfig as string) // the flags' schema wants one of the two
}

/** Connects a service to the platform alone. */
export async function openCoordination(
  service: ServiceContext<SharedConfig & CoordinationConfig>,
): Promise<KubeClient> {
  const { config, onStop } = service
  const { kcpKubeconfig, coordinationKubeconfig, shard } = config
  if (kcpKubeconfig !== undefined) {
    const { coordinationWorkspace } = serviceSetLayout(shard, config)
    return (await openKcpServer(service, kcpKubeconfig)).base.below(`/clusters/${coordinationWorkspace}`)
  }
  const options = clientOptions(service, 'platform')
  const client = await KubeClient.fromFile(coordinationKubeconfig as string, options) // the flags' schema wants one of the two
  onStop('coordination client', () => client.close())
  return client
}
