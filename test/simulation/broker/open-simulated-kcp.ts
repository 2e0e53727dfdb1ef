import { kcpLayout } from '@resource-broker/api'
import type { Bus } from '@resource-broker/bus'
import { type Connections, KubeClient } from '@resource-broker/kube'
import { type KcpClusters, openKcpClusters } from '../../../packages/service/src/clusters/kcp/open.ts'
import { type KcpServer, kcpClientOptions } from '../../../packages/service/src/clusters/kcp/server.ts'
import type { rememberedSlice } from '../../../packages/service/src/clusters/kcp/slices.ts'
import type { ProcessContext, ServiceContext } from '../../../packages/service/src/lifecycle.ts'
import type { Logger } from '../../../packages/service/src/logger.ts'
import { type BucketStore, SimulatedBucket } from '../bus/simulated-bucket.ts'
import type { ApiServer } from '../server/api-server.ts'
import { SimulatedWire, type WireOptions } from '../server/wire.ts'
import type { Process } from '../world/process.ts'
import { MUTE } from './mute-metrics.ts'
import { LAYOUT } from './replica.ts'

type Surroundings = {
  server: ApiServer
  wire: Omit<WireOptions, 'server'>
  /** Where endpoints are remembered. */
  endpoints: BucketStore
  logger: Logger
}

const KUBECONFIG = 'kcp.kubeconfig'

/** The clusters of a kcp as a process has them, by the code that opens them in every broker. Must run in the process. */
export async function openSimulatedKcp(process: Process, around: Surroundings): Promise<KcpClusters> {
  const context: ProcessContext = {
    ...{ name: 'broker', logger: around.logger, metrics: MUTE, tracing: undefined, signal: process.signal },
    readyCheck: () => undefined,
    onStop: () => undefined,
  }
  const server = serverOf(context, around)
  const service = {
    ...context,
    config: { acceptapi: kcpLayout.acceptAPISlice },
    // The one thing that is not opened as it is elsewhere: there is no file with a login, and no network.
    shared: async (what: string, open: (process: ProcessContext) => Promise<unknown>) =>
      what === 'kcp server' ? server : await open(context),
  }
  const bucket = async () => new SimulatedBucket<typeof rememberedSlice._output>(around.endpoints)
  const bus = { layout: LAYOUT, bucket }
  type Opening = Parameters<typeof openKcpClusters>
  return await openKcpClusters(service as unknown as Opening[0] & ServiceContext, bus as unknown as Bus, KUBECONFIG)
}

function serverOf(context: ProcessContext, { server, wire }: Surroundings): KcpServer {
  const base = new KubeClient(
    { transport: new SimulatedWire({ ...wire, server }), base: '' },
    kcpClientOptions(context, KUBECONFIG),
  )
  const at = (url: string) => base.below(new URL(url).pathname)
  return { base, connections: { at } as unknown as Connections }
}
