import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { User } from '@kubernetes/client-node'
// The package's entry point and its config.js load the models of every API, 60 MiB; its parsing and authentication stand alone.
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js'
import { parse, YAMLParseError } from 'yaml'
import { KubeconfigError } from '../errors.ts'
import {
  type CredentialSource,
  type Credentials,
  fixed,
  fromCertificateFiles,
  fromPlugin,
  fromTokenFile,
} from './credentials.ts'

/** Where an API server is and how it is spoken to. */
export type Endpoint = {
  /** URL of the API server; may have a path, as a kcp workspace has. */
  server: string
  ca: Buffer | undefined
  servername: string | undefined
  insecure: boolean
  credentials: CredentialSource
}

/** What client-node's parser leaves out. */
type RawUser = { tokenFile?: string; as?: string; 'as-groups'?: string[] }

/** The endpoint of the current context of a kubeconfig file. @throws {KubeconfigError} */
export async function readKubeconfig(path: string): Promise<Endpoint> {
  try {
    return await parseKubeconfig(await readFile(path, 'utf8'), dirname(path))
  } catch (cause) {
    throw new KubeconfigError(`kubeconfig ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** The endpoint of the current context; paths in `text` are relative to `directory`. @throws with what is wrong */
export async function parseKubeconfig(text: string, directory: string): Promise<Endpoint> {
  const config = parsed(text)
  if (config === null || typeof config !== 'object') throw new Error('it is empty')
  const contexts = newContexts(config.contexts)
  const current = config['current-context']
  const context =
    contexts.find(({ name }) => name === current) ?? (contexts.length === 1 && !current ? contexts[0] : undefined)
  if (context === undefined) throw new Error(`there is no context "${String(current ?? '')}"`)
  const cluster = newClusters(config.clusters).find(({ name }) => name === context.cluster)
  if (cluster === undefined) throw new Error(`there is no cluster "${context.cluster}"`)
  if (!/^https?:\/\//.test(cluster.server) || !URL.canParse(cluster.server))
    throw new Error(`its server "${cluster.server}" is no URL`)
  if (cluster.proxyUrl !== undefined) throw new Error('proxy-url is not supported')
  const user = newUsers(config.users).find(({ name }) => name === context.user)
  if (user === undefined && context.user) throw new Error(`there is no user "${context.user}"`)
  const raw = (config.users as { name: string; user?: RawUser }[] | undefined)?.find(
    ({ name }) => name === context.user,
  )
  return {
    server: cluster.server,
    ca: await material(cluster.caData, cluster.caFile, directory),
    servername: cluster.tlsServerName,
    insecure: cluster.skipTLSVerify ?? false,
    credentials: user === undefined ? fixed({ headers: {} }) : await sourceOf(user, raw?.user ?? {}, directory),
  }
}

/** The parser's own messages quote what they are about, and here that may be a credential. */
function parsed(text: string): Record<string, unknown> | null {
  try {
    return parse(text, { prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw new Error('it is no YAML')
    throw new Error(`it is no YAML: ${error.code} at line ${text.slice(0, error.pos[0]).split('\n').length}`)
  }
}

async function sourceOf(user: User, raw: RawUser, directory: string): Promise<CredentialSource> {
  const headers = { ...impersonation(raw), ...authorization(user) }
  const tls = await certificate(user, headers, directory)
  if (user.exec) return fromPlugin(user, tls)
  if (raw.tokenFile !== undefined) return fromTokenFile(user, resolve(directory, raw.tokenFile), tls)
  if (user.authProvider) {
    const { name } = user.authProvider as { name: string }
    throw new Error(`its auth-provider ${name} is not supported: use an exec plugin`)
  }
  return tls
}

async function certificate(user: User, headers: Credentials['headers'], directory: string): Promise<CredentialSource> {
  const { certFile, keyFile, certData, keyData } = user
  if (certFile && keyFile && !certData && !keyData) {
    return await fromCertificateFiles(resolve(directory, certFile), resolve(directory, keyFile), { headers })
  }
  const cert = await material(certData, certFile, directory)
  const key = await material(keyData, keyFile, directory)
  return fixed({ headers, cert, key })
}

function authorization({ token, username, password }: User): Credentials['headers'] {
  if (token) return { authorization: `Bearer ${token}` }
  if (!username) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function impersonation(raw: RawUser): Credentials['headers'] {
  if (raw.as === undefined) return {}
  const groups = raw['as-groups']
  return { 'impersonate-user': raw.as, ...(groups === undefined ? {} : { 'impersonate-group': groups }) }
}

async function material(
  data: string | undefined,
  file: string | undefined,
  directory: string,
): Promise<Buffer | undefined> {
  if (data) return Buffer.from(data, 'base64')
  return file ? await readFile(resolve(directory, file)) : undefined
}
