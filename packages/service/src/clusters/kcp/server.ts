import { type ClientEvent, Connections, type KubeClient, KubeconfigFiles, readKubeconfig } from '@resource-broker/kube'
import type { ProcessContext, ServiceContext } from '../../lifecycle.ts'
import { clientOptions } from '../client-options.ts'

/** A whole kcp, and connections to the URLs that it publishes. */
export type KcpServer = { base: KubeClient; connections: Connections }

/** The kcp of a kubeconfig, once for all services of a process. It goes on with what the file says by now: tokens end. */
export function openKcpServer(service: Pick<ServiceContext, 'shared'>, kubeconfig: string): Promise<KcpServer> {
  return service.shared('kcp server', async (process) => {
    const login = await readKubeconfig(kubeconfig)
    const connections = new Connections(login, kcpClientOptions(process, kubeconfig))
    process.onStop('kcp connections', () => connections.close())
    followKubeconfig(process, kubeconfig, connections)
    return { base: connections.at(wholeKcp(login.server)), connections }
  })
}

/** How all clients of a kcp are: what is told of their requests. */
export function kcpClientOptions(process: ProcessContext, kubeconfig: string): ReturnType<typeof clientOptions> {
  const [heed, options] = [heedRefusals(process, kubeconfig), clientOptions(process, 'kcp')]
  const onEvent = (event: ClientEvent) => {
    heed(event)
    options.onEvent(event)
  }
  return { ...options, onEvent }
}

/** Of a URL that may name one workspace. */
function wholeKcp(server: string): string {
  return server.replace(/\/clusters\/.*$/, '')
}

/** Tells, once, and to whoever asks for the readiness, that the login is not taken any more: nothing in a workspace can say it. */
function heedRefusals({ logger, readyCheck }: ProcessContext, path: string): (event: ClientEvent) => void {
  const message = `kcp does not take the login of ${path}: put a new one into the file, it is read without a restart`
  let refused = false
  readyCheck('kcp/login', () => (refused ? message : undefined))
  return (event) => {
    if (event.type !== 'request' || event.status === 0) return
    const isRefusal = event.status === 401
    if (isRefusal && !refused) logger.error(message)
    refused = isRefusal
  }
}

function followKubeconfig({ logger, onStop }: ProcessContext, path: string, connections: Connections): void {
  const file = new KubeconfigFiles({ files: [path], directories: [] })
  const refuse = (err: unknown) => logger.error({ err }, 'kubeconfig cannot be used')
  file.on('changed', () => {
    logger.info({ path }, 'kubeconfig changed')
    readKubeconfig(path).then((login) => connections.update(login), refuse)
  })
  file.on('invalid', (_path, err) => refuse(err))
  void file.start()
  onStop('kubeconfig', () => file.stop())
}
