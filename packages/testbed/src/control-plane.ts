import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBinaries } from './binaries.ts'
import { ClusterClient, type Credentials } from './cluster-client.ts'
import { apiServerArguments, etcdArguments, IN_CLUSTER_HOSTS, writeApiServerFiles } from './control-plane-config.ts'
import { type Controller, startControllerManager } from './controller-manager.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { CertificateAuthority } from './pki.ts'
import { freePort, LOOPBACK } from './ports.ts'
import { ManagedProcess } from './processes.ts'
import type { Report } from './tools.ts'

export type ControlPlaneOptions = {
  /** Also the name of the kubeconfig's context. */
  name: string
  /** Data, certificates, kubeconfigs and logs are kept in `<dir>/<name>`. */
  dir: string
  report?: Report
  /** Where it is reached; the loopback address where not given. */
  address?: string
  /** It takes nodes, whose pods reach it by the Service `kubernetes`: they need an address, and all controllers. */
  forNodes?: boolean
  /** Controllers of a kube-controller-manager that runs beside; none where empty. */
  controllers?: readonly Controller[]
}

/** In milliseconds since the epoch. */
export type Period = { from: number; to: number }

export type Identity = { user: string; groups?: readonly string[] }

type Parts = {
  name: string
  dir: string
  etcd: ManagedProcess
  apiServer: ManagedProcess
  authority: CertificateAuthority
  credentials: Credentials & { token: string }
  client: ClusterClient
}

/** Nothing in a testbed's store is worth a longer wait. */
const STOP_GRACE_MS = 2_000

/** Starts a control plane; resolves when it is ready and the namespace `default` exists. Throws StartError. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { name, report = () => undefined, controllers = [], address = LOOPBACK, forNodes = false } = options
  const dir = join(options.dir, name)
  const binaries = await ensureBinaries(['etcd', 'kube-apiserver'], report)
  const started = Date.now()
  await mkdir(dir, { recursive: true })
  const [etcdPort, port] = await Promise.all([freePort(), freePort()])
  const authority = await CertificateAuthority.create(`testbed ${name}`)
  const credentials = { url: `https://${address}:${port}`, ca: authority.pem, token: randomBytes(24).toString('hex') }
  await writeApiServerFiles(dir, {
    authority: authority.pem,
    serving: await authority.issueServing([address, ...(forNodes ? IN_CLUSTER_HOSTS : [])]),
    serviceAccounts: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    adminToken: credentials.token,
  })
  await writeKubeconfig({ file: join(dir, 'admin.kubeconfig'), name, user: 'admin', credentials })
  const client = new ClusterClient(credentials)
  const etcd = await startEtcd(name, dir, binaries.etcd, etcdPort)
  try {
    const apiServer = await ManagedProcess.start({
      name: `kube-apiserver of ${name}`,
      command: binaries['kube-apiserver'],
      args: apiServerArguments({ dir, address, port, etcdPort, forNodes }),
      logFile: join(dir, 'kube-apiserver.log'),
      ready: () => isReady(client),
    })
    const controlPlane = new ControlPlane({ name, dir, etcd, apiServer, authority, credentials, client })
    report(`${name}: control plane ready at ${credentials.url} after ${((Date.now() - started) / 1000).toFixed(1)} s`)
    if (controllers.length > 0) await controlPlane.startControllers(controllers, report)
    return controlPlane
  } catch (error) {
    await etcd.kill('SIGKILL')
    throw error
  }
}

/** One etcd and one kube-apiserver, with RBAC and an administrator. */
export class ControlPlane {
  readonly name: string
  readonly url: string
  readonly dir: string
  /** File of the administrator, whose context bears the control plane's name. */
  readonly kubeconfig: string
  readonly caFile: string
  readonly adminToken: string
  /** Calls as the administrator. */
  readonly client: ClusterClient
  readonly etcd: ManagedProcess
  readonly apiServer: ManagedProcess
  /** When its API server was down or on its way up again. It serves before it has read its roles, and refuses everybody until then. */
  readonly restarts: Period[] = []
  readonly #authority: CertificateAuthority
  readonly #attached: ManagedProcess[] = []

  constructor(parts: Parts) {
    this.name = parts.name
    this.url = parts.credentials.url
    this.dir = parts.dir
    this.kubeconfig = join(parts.dir, 'admin.kubeconfig')
    this.caFile = join(parts.dir, 'ca.crt')
    this.adminToken = parts.credentials.token
    this.client = parts.client
    this.etcd = parts.etcd
    this.apiServer = parts.apiServer
    this.#authority = parts.authority
  }

  /** Writes a kubeconfig with a client certificate for somebody who has the rights that RBAC gives; answers its path. */
  async kubeconfigFor({ user, groups = [] }: Identity): Promise<string> {
    const { certificate, key } = await this.#authority.issueClient(user, groups)
    const fileName = [user, ...groups].join('_').replaceAll(/[^\w.-]/g, '_')
    return writeKubeconfig({
      file: join(this.dir, `as-${fileName}.kubeconfig`),
      name: this.name,
      user,
      credentials: { url: this.url, ca: this.#authority.pem, certificate, key },
    })
  }

  /** Runs these controllers until the control plane stops. */
  async startControllers(
    controllers: readonly Controller[],
    report: Report = () => undefined,
  ): Promise<ManagedProcess> {
    const manager = await startControllerManager({ controlPlane: this, controllers, report })
    this.attach(manager)
    return manager
  }

  /** `process` works on this control plane and is stopped with it. */
  attach(process: ManagedProcess): void {
    this.#attached.push(process)
  }

  /** SIGTERM, or SIGKILL with `crash`, and a new start on the same port and data; resolves when it serves again. */
  async restartApiServer({ crash = false }: { crash?: boolean } = {}): Promise<void> {
    const from = Date.now()
    if (crash) await this.apiServer.kill('SIGKILL')
    await this.apiServer.restart()
    this.restarts.push({ from, to: Date.now() })
  }

  /** Stops every process, what was attached first; files stay. */
  async stop(): Promise<void> {
    this.client.close()
    await Promise.all(this.#attached.map((each) => each.stop(STOP_GRACE_MS)))
    await this.apiServer.stop(STOP_GRACE_MS)
    await this.etcd.stop(STOP_GRACE_MS)
  }
}

async function startEtcd(name: string, dir: string, command: string, port: number): Promise<ManagedProcess> {
  const peerPort = await freePort()
  return ManagedProcess.start({
    name: `etcd of ${name}`,
    command,
    args: etcdArguments({ dir, port, peerPort }),
    logFile: join(dir, 'etcd.log'),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
  })
}

async function isReady(client: ClusterClient): Promise<boolean> {
  const [ready, namespace] = await Promise.all([
    client.send('GET', '/readyz'),
    client.send('GET', '/api/v1/namespaces/default'),
  ])
  return ready.status === 200 && namespace.status === 200
}
