import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import type { Cluster, User } from '@kubernetes/client-node'
// The package's entry point and its config.js load the models of every API, 80 MiB; its parsing and authentication stand alone.
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js'
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js'
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js'
import { parse } from 'yaml'
import { KubeconfigError } from './errors.ts'

type Credentials = { headers: Record<string, string>; cert?: string | Buffer; key?: string | Buffer }

/** Where an API server is and how it is spoken to. */
export type Endpoint = {
  /** URL of the API server; may have a path, as a kcp workspace has. */
  server: string
  ca: Buffer | undefined
  servername: string | undefined
  insecure: boolean
  /** Certificate and key of the client, and headers. Tokens from files and plugins are read anew when they expire. */
  credentials: () => Promise<Credentials>
}

/** The endpoint of the current context of a kubeconfig file. @throws {KubeconfigError} */
export async function readKubeconfig(path: string): Promise<Endpoint> {
  try {
    return await endpointOf(parse(await readFile(path, 'utf8')) as Record<string, unknown>, dirname(path))
  } catch (cause) {
    throw new KubeconfigError(`kubeconfig ${path}: ${(cause as Error).message}`, { cause })
  }
}

async function endpointOf(config: Record<string, unknown> | null, directory: string): Promise<Endpoint> {
  if (config === null || typeof config !== 'object') throw new Error('it is empty')
  const contexts = newContexts(config.contexts)
  const context = contexts.find(({ name }) => name === config['current-context']) ?? (contexts.length === 1 ? contexts[0] : undefined)
  if (context === undefined) throw new Error(`there is no context "${String(config['current-context'] ?? '')}"`)
  const cluster = newClusters(config.clusters).find(({ name }) => name === context.cluster)
  if (cluster === undefined) throw new Error(`there is no cluster "${context.cluster}"`)
  if (cluster.proxyUrl !== undefined) throw new Error('proxy-url is not supported')
  const user = newUsers(config.users).find(({ name }) => name === context.user)
  const raw = (config.users as { name: string; user?: { tokenFile?: string } }[] | undefined)?.find(({ name }) => name === context.user)
  const inDirectory = (file: string) => (isAbsolute(file) ? file : join(directory, file))
  return {
    server: cluster.server,
    ca: await material(cluster.caData, cluster.caFile, inDirectory),
    servername: cluster.tlsServerName,
    insecure: cluster.skipTLSVerify ?? false,
    credentials: await credentialsOf(user, raw?.user?.tokenFile, cluster, inDirectory),
  }
}

async function credentialsOf(
  user: User | undefined,
  tokenFile: string | undefined,
  cluster: Cluster,
  inDirectory: (file: string) => string,
): Promise<() => Promise<Credentials>> {
  if (user === undefined) return async () => ({ headers: {} })
  const [cert, key] = [await material(user.certData, user.certFile, inDirectory), await material(user.keyData, user.keyFile, inDirectory)]
  const tls = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  if (user.exec) {
    const exec = new ExecAuth()
    return async () => await apply(exec, user, tls)
  }
  if (tokenFile !== undefined) {
    const file = new FileAuth()
    const withFile = { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: inDirectory(tokenFile) } } }
    return async () => await apply(file, withFile, tls)
  }
  if (user.authProvider) throw new Error(`auth-provider ${user.authProvider.name} of ${cluster.name} is not supported: use an exec plugin`)
  if (user.token) return async () => ({ ...tls, headers: { authorization: `Bearer ${user.token}` } })
  if (user.username) {
    const basic = Buffer.from(`${user.username}:${user.password}`).toString('base64')
    return async () => ({ ...tls, headers: { authorization: `Basic ${basic}` } })
  }
  return async () => ({ ...tls, headers: {} })
}

type Authenticator = { applyAuthentication: (user: User, options: never) => Promise<void> }

async function apply(authenticator: Authenticator, user: User, tls: object): Promise<Credentials> {
  const options: { headers: Record<string, string>; cert?: string; key?: string } = { headers: {} }
  await authenticator.applyAuthentication(user, options as never)
  const { Authorization, ...headers } = options.headers
  return { ...tls, ...options, headers: Authorization === undefined ? headers : { ...headers, authorization: Authorization.trim() } }
}

async function material(data: string | undefined | null, file: string | undefined | null, inDirectory: (file: string) => string): Promise<Buffer | undefined> {
  if (data) return Buffer.from(data, 'base64')
  return file ? await readFile(inDirectory(file)) : undefined
}
