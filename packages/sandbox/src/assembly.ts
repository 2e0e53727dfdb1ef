import { writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import {
  type Authorities,
  authoritiesIn,
  type ContextName,
  type Endpoint,
  KCP_ADMIN,
  type KubeconfigParts,
  keepPorts,
  kubeconfigText,
  openEndpoints,
  readPorts,
  SHARD_ADMIN,
  sharedAuthorities,
  writeClientAuthority,
} from './http/mod.ts'
import { KCP_ADMINS } from './kcp/groups.ts'
import type { InstallationOptions, Served, ServedShard } from './kcp/shards/mod.ts'
import { MASTERS } from './kube/authn/mod.ts'
import type { ControllerLog } from './kube/controller-log.ts'
import type { HttpHandler } from './kube/http.ts'
import { stderrLog } from './log.ts'
import { makeDirectory } from './make-directory.ts'
import type { Intercept, Sandbox, SandboxChange, SandboxOptions, SandboxShard } from './types.ts'
import { createWorkspace } from './workspaces.ts'

/** Opens what is to be served, once its URLs are known. */
export type Install = (options: InstallationOptions) => Promise<Served>

type Settings = {
  count: number
  dir: string | undefined
  host: string
  externalHost?: string
  port: number
  log: ControllerLog
  onChange?: (change: SandboxChange) => void
}

/** Contract 12.1. */
const ADMIN_TOKEN = 'admin-token'
const TOKENS = { admin: ADMIN_TOKEN, 'user-1': 'user-1-token', 'user-2': 'user-2-token', 'user-3': 'user-3-token' }
const FIRST_SHARD = 'root'
const WILDCARD_ADDRESSES = ['0.0.0.0', '::']

/** Serves what `install` opens; resolves when it does. */
export async function serveSandbox(install: Install, options: SandboxOptions): Promise<Sandbox> {
  const { shards: count = 1, dir, host = '127.0.0.1', port = 0, log = stderrLog, onChange, intercept } = options
  const { externalHost } = options
  const more = { ...(onChange && { onChange }), ...(externalHost !== undefined && { externalHost }) }
  const settings: Settings = { count, dir, host, port, log, ...more }
  if (dir !== undefined) await makeDirectory(dir)
  const authorities = await (dir === undefined ? sharedAuthorities() : authoritiesIn(dir))
  const endpoints = await open(authorities, settings)
  try {
    const served = await install(installationOf(endpoints, authorities, settings))
    const parts = await kubeconfigParts(authorities, endpoints)
    const sandbox = assemble(endpoints, served, authorities, parts, intercept)
    if (dir !== undefined) await sandbox.writeKubeconfig(dir)
    return sandbox
  } catch (error) {
    await Promise.all(endpoints.map((endpoint) => endpoint.close(0)))
    throw error
  }
}

/** The endpoint of the front proxy, where there is one, and those of the shards. */
async function open(authorities: Authorities, settings: Settings): Promise<Endpoint[]> {
  const { count, dir, host, externalHost = host, port, log } = settings
  const { certificate, key } = await authorities.serving.issueServing([...namesOf(host), ...namesOf(externalHost)])
  const tls = { certificate, key, clientCa: authorities.client.certificate }
  const onError = (error: unknown, request: object) => log.warn({ ...request, error }, 'a request failed unexpectedly')
  const size = count > 1 ? count + 1 : 1
  const wanted = Array.from({ length: size }, (_, index) => (port === 0 ? 0 : port + index))
  const kept = port === 0 && dir !== undefined ? await readPorts(dir) : undefined
  const endpoints = await openEndpoints({ tls, host, externalHost, onError }, kept?.length === size ? kept : wanted)
  if (dir !== undefined) {
    await keepPorts(
      dir,
      endpoints.map((endpoint) => endpoint.port),
    )
  }
  return endpoints
}

/** Clients may come by any address of the machine where the server listens on all of them. */
function namesOf(host: string): string[] {
  if (!WILDCARD_ADDRESSES.includes(host)) return [host]
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
}

function installationOf(
  endpoints: readonly Endpoint[],
  { serving }: Authorities,
  { dir, log, onChange }: Settings,
): InstallationOptions {
  const shards = shardsOf(endpoints).map(({ url }, index) => {
    const name = index === 0 ? FIRST_SHARD : `shard-${index}`
    return { name, url, virtualWorkspaceUrl: url, ...(dir !== undefined && { dir: join(dir, name) }) }
  })
  const rootCa = serving.certificate
  return {
    shards,
    externalUrl: urlOf(endpoints[0]),
    rootCa,
    log,
    ...(dir !== undefined && { dir }),
    ...(onChange && { onChange }),
  }
}

async function kubeconfigParts(authorities: Authorities, endpoints: readonly Endpoint[]): Promise<KubeconfigParts> {
  const { serving, client } = authorities
  const [kcpAdmin, shardAdmin] = await Promise.all([
    client.issueClient(KCP_ADMIN, [KCP_ADMINS]),
    client.issueClient(SHARD_ADMIN, [MASTERS]),
  ])
  return {
    url: urlOf(endpoints[0]),
    shardUrl: urlOf(shardsOf(endpoints)[0]),
    ca: serving.certificate,
    certificates: { [KCP_ADMIN]: kcpAdmin, [SHARD_ADMIN]: shardAdmin },
    tokens: TOKENS,
  }
}

function assemble(
  endpoints: readonly Endpoint[],
  served: Served,
  authorities: Authorities,
  parts: KubeconfigParts,
  intercept: Intercept = (request, answer) => answer(request),
): Sandbox {
  const serve = (endpoint: Endpoint, handler: HttpHandler) => endpoint.serve((request) => intercept(request, handler))
  const shards = shardsOf(endpoints).flatMap((endpoint, index) => shardAt(endpoint, served.shards[index], serve))
  if (endpoints.length > 1 && endpoints[0] !== undefined) serve(endpoints[0], served.frontProxy)
  const front = endpoints.length > 1 ? served.frontProxy : served.shards[0]!.handler
  const kubeconfig = (context: ContextName = 'root') => kubeconfigText(parts, context)
  return {
    url: parts.url,
    shards,
    ca: parts.ca,
    adminToken: ADMIN_TOKEN,
    kubeconfig,
    createWorkspace: (wanted = {}) => createWorkspace(front, parts, wanted),
    async writeKubeconfig(dir) {
      await writeClientAuthority(dir, authorities)
      const file = join(dir, 'admin.kubeconfig')
      await writeFile(file, kubeconfig(), { mode: 0o600 })
      return file
    },
    async close() {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()))
      await served.close()
    },
  }
}

function shardAt(
  endpoint: Endpoint,
  shard: ServedShard | undefined,
  serve: (endpoint: Endpoint, handler: HttpHandler) => void,
): SandboxShard[] {
  if (shard === undefined) return []
  serve(endpoint, shard.handler)
  const { url } = endpoint
  const start = async () => {
    await shard.start()
    await endpoint.reopen()
  }
  const stop = async () => {
    // At once, as when a machine goes away.
    await endpoint.close(0)
    await shard.stop()
  }
  return [{ name: shard.name, url, virtualWorkspaceUrl: url, start, stop }]
}

/** All but the front proxy, which stands before more than one shard. */
function shardsOf(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.length > 1 ? endpoints.slice(1) : endpoints
}

function urlOf(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) throw new TypeError('a sandbox has at least one shard')
  return endpoint.url
}
