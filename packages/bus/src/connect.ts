import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import {
  type Authenticator,
  type ConnectionOptions,
  connect as connectNats,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import { BusUnusableError } from './errors.ts'

export type BusConnection = {
  /** `nats://` or `tls://` URLs of one server or cluster. */
  servers: string[]
  /** What the server shows as this client's name. */
  name: string
  /** A `.creds` file (JWT and seed), or the seed of an nkey alone; read anew for every connection, so that it can be renewed. */
  credentialsFile?: string
  /** PEM files. */
  caFile?: string
  certificateFile?: string
  keyFile?: string
}

/** Per-message pinning and per-message time-to-live came with this release (ADR-42, ADR-43). */
const OLDEST_SERVER = [2, 11] as const

/**
 * Connects and keeps the connection for as long as the process lives, through any number of server restarts. Answers come on subjects that
 * begin with `inboxPrefix`.
 * @throws {BusUnusableError} if the server is older than 2.11 or has no JetStream.
 */
export async function connect(options: BusConnection, inboxPrefix: string): Promise<NatsConnection> {
  const connection = await connectNats({ ...natsOptions(options), inboxPrefix })
  const info = connection.info
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number)
  if (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1])) {
    await connection.close()
    throw new BusUnusableError(`nats-server ${info?.version} is too old: ${OLDEST_SERVER.join('.')} or newer is needed`)
  }
  if (info?.jetstream !== true) {
    await connection.close()
    throw new BusUnusableError('nats-server runs without JetStream: start it with --jetstream')
  }
  return connection
}

function natsOptions(options: BusConnection): ConnectionOptions {
  const { credentialsFile, caFile, certificateFile, keyFile } = options
  const tls = {
    ...byAddress(options.servers),
    ...(caFile === undefined ? {} : { caFile }),
    ...(certificateFile === undefined ? {} : { certFile: certificateFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  }
  return {
    servers: options.servers,
    name: options.name,
    // For one attempt; a TLS server that refuses the client's certificate only falls silent.
    timeout: 5_000,
    maxReconnectAttempts: -1,
    // Credentials may be refused for a while during their renewal; without this two refusals end the connection for good.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    noAsyncTraces: true, // a stack trace per publication, of which the broker has thousands a second
    ...(credentialsFile === undefined ? {} : { authenticator: fromFile(credentialsFile) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  }
}

function fromFile(path: string): Authenticator {
  return (nonce) => {
    const content = readFileSync(path)
    const seed = content.toString('utf8').trim()
    // A seed of a user is nothing but letters and digits after this; a .creds file begins with a line of dashes.
    return (seed.startsWith('SU') ? nkeyAuthenticator(Buffer.from(seed)) : credsAuthenticator(content))(nonce)
  }
}

/** The NATS client checks the certificate of a server that is given by its address against "localhost" instead. */
function byAddress(servers: string[]) {
  const hosts = servers.map(hostOf)
  if (!servers.some((server) => server.startsWith('tls://')) || !hosts.every((host) => isIP(host))) return {}
  const check = (_host: string, certificate: PeerCertificate) => {
    const faults = hosts.map((host) => checkServerIdentity(host, certificate))
    return faults.every((fault) => fault !== undefined) ? faults[0] : undefined
  }
  return { checkServerIdentity: check }
}

function hostOf(server: string): string {
  return new URL(server.replace(/^[a-z]+:/, 'http:')).hostname.replace(/^\[|\]$/g, '')
}
