import {
  type AgentOptions,
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Credentials } from './clusters/credentials.ts'
import type { Endpoint } from './clusters/kubeconfig.ts'
import { ConnectionError } from './errors.ts'
import { Silence } from './silence.ts'

export type HttpRequest = {
  method: string
  /** Path and query below the endpoint's own path. */
  path: string
  headers: Record<string, string>
  body?: string | undefined
  signal?: AbortSignal | undefined
  /** Milliseconds until the answer must be complete, for streams until it must begin. */
  timeoutMs: number
  /** Sending it twice does no harm: it is sent again if the server closed a kept-alive connection under it. */
  repeatable?: boolean
}

export type HttpResponse = { status: number; headers: IncomingMessage['headers']; body: string }

/** Connections to one API server at once, beside its watches: far below what one accepts, enough for hundreds of writes a second. */
const MAX_SOCKETS = 32
/** libuv probes an idle connection once a second from here on and gives it up after ten without an answer. */
const KEEP_ALIVE_MS = 10_000
/** kube-apiserver closes an idle connection after 90 s (IdleTimeout); we go first, and never write to one that is closing. */
const IDLE_MS = 60_000

type Agents = { requests: HttpAgent; watches: HttpAgent; cert: unknown; key: unknown }
type Sent = { response: IncomingMessage; settle: () => void; failed: (cause: unknown) => unknown }

class LateError extends Error {}

let watches = 0

/** Watches that this process has open, over all clients; each has a connection of its own. */
export function openWatches(): number {
  return watches
}

/** HTTP/1.1 to one API server over kept-alive connections. */
export class Transport {
  #endpoint: Endpoint
  #base: URL
  #agents: Agents | undefined
  #closed = false
  readonly #silence = new Silence()

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#base = new URL(endpoint.server)
  }

  /** Speaks to the same server with what `endpoint` says from now on; what is under way goes on. */
  update(endpoint: Endpoint): void {
    this.#endpoint = endpoint
    this.#base = new URL(endpoint.server)
    this.#retire()
  }

  /**
   * @throws {ConnectionError} if there is no complete answer in time, or at once while the server answers nobody; what `signal` was
   * aborted with if it was.
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    if (this.#silence.refuses) throw new ConnectionError(`${this.#describe(request)}: the server answers nobody`)
    this.#silence.begin()
    try {
      const response = await this.#exchange(request)
      this.#silence.answered()
      return response
    } catch (error) {
      const timedOut = (error as Error | undefined)?.cause instanceof LateError
      if (timedOut || request.signal?.aborted) this.#silence.gaveUp({ timedOut })
      else this.#silence.answered()
      throw error
    }
  }

  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    const { response, settle, failed } = await this.#open(request, 'requests')
    return await new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', (cause) => reject(failed(cause)))
      response.on('end', () => {
        settle()
        const [only] = chunks
        const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body.toString('utf8') })
      })
    })
  }

  /** Opens an answer without an end; aborting `signal` breaks it off. @throws as `send`, until it begins. */
  async stream(request: HttpRequest & { signal: AbortSignal }): Promise<IncomingMessage> {
    const { response, settle } = await this.#open(request, 'watches')
    settle()
    const { signal } = request
    // Breaking off emits an error, with or without somebody who reads at that moment.
    response.on('error', () => undefined)
    const abort = () => response.destroy(signal.reason instanceof Error ? signal.reason : undefined)
    signal.addEventListener('abort', abort, { once: true })
    watches++
    response.once('close', () => {
      watches--
      signal.removeEventListener('abort', abort)
    })
    if (signal.aborted) abort()
    return response
  }

  /** The server did not take the credentials; whether there may be others now. */
  renewCredentials(): boolean {
    return this.#endpoint.credentials.renew()
  }

  /** Breaks off all that is under way. */
  close(): void {
    this.#closed = true
    this.#agents?.requests.destroy()
    this.#agents?.watches.destroy()
  }

  async #open(request: HttpRequest, pool: 'requests' | 'watches'): Promise<Sent> {
    const given = this.#endpoint.credentials.current()
    const credentials = given instanceof Promise ? await given : given
    request.signal?.throwIfAborted()
    if (this.#closed) throw new ConnectionError(`${this.#describe(request)}: the client was closed`)
    return await new Promise((resolve, reject) => this.#start(request, credentials, pool, resolve, reject))
  }

  #start(
    request: HttpRequest,
    credentials: Credentials,
    pool: 'requests' | 'watches',
    resolve: (sent: Sent) => void,
    reject: (error: unknown) => void,
  ): void {
    const { body, signal, timeoutMs } = request
    let agent: HttpAgent
    try {
      agent = this.#agentsFor(credentials)[pool]
    } catch (cause) {
      // What is given for TLS cannot be read; it may be renewed.
      reject(new ConnectionError(`${this.#describe(request)}: ${(cause as Error).message}`, { cause }))
      return
    }
    const outgoing = this.#create(request, credentials, agent)
    const abort = () => outgoing.destroy(signal?.reason instanceof Error ? signal.reason : undefined)
    let late: Error | undefined
    const timer = setTimeout(() => {
      late = new LateError(`no answer within ${timeoutMs} ms`)
      dropIdle(agent)
      outgoing.destroy(late)
    }, timeoutMs)
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const failed = (thrown: unknown) => {
      settle()
      if (signal?.aborted) return signal.reason
      const cause = late ?? thrown
      return new ConnectionError(`${this.#describe(request)}: ${(cause as Error).message}`, { cause })
    }
    signal?.addEventListener('abort', abort, { once: true })
    outgoing.on('response', (response) => resolve({ response, settle, failed }))
    outgoing.on('error', (cause) => {
      const error = failed(cause)
      const stale = outgoing.reusedSocket && (cause as { code?: string }).code === 'ECONNRESET'
      if (!stale || !request.repeatable || error === signal?.reason) return reject(error)
      dropIdle(agent)
      this.#start({ ...request, repeatable: false }, credentials, pool, resolve, reject)
    })
    outgoing.end(body)
  }

  #create(
    { method, path, headers: given, body }: HttpRequest,
    credentials: Credentials,
    agent: HttpAgent,
  ): ClientRequest {
    const base = this.#base
    const headers: Record<string, string | string[] | number> = { ...given, ...credentials.headers }
    // Node sends the body of a DELETE without a length otherwise, and the server takes it for the next request.
    if (body !== undefined) headers['content-length'] = Buffer.byteLength(body)
    const options = {
      agent,
      method,
      headers,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: base.pathname === '/' ? path : base.pathname.replace(/\/$/, '') + path,
    }
    return base.protocol === 'https:' ? httpsRequest(options) : httpRequest(options)
  }

  #describe({ method, path }: HttpRequest): string {
    return `${method} ${this.#base.origin}${path.split('?')[0]}`
  }

  /** TLS material belongs to an agent, not to a request: a rotated certificate gets new connections. */
  #agentsFor({ cert, key }: Credentials): Agents {
    const agents = this.#agents
    if (agents !== undefined && agents.cert === cert && agents.key === key) return agents
    this.#retire()
    const { ca, servername, insecure } = this.#endpoint
    const isSecure = this.#base.protocol === 'https:'
    const tls = {
      // Made once: each connection would read the certificates anew, and keep them.
      ...(isSecure ? { secureContext: createSecureContext({ ca, cert, key }) } : {}),
      ...(servername === undefined ? {} : { servername }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    }
    const create = (maxSockets: number, timeout?: number) => {
      const given: AgentOptions = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets, scheduling: 'lifo' }
      const options = { ...given, ...tls, ...(timeout === undefined ? {} : { timeout }) }
      const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options)
      // One agent has one server and one identity: Node would join all its options to a key, 5 % of a request's CPU.
      return Object.assign(agent, { getName: () => 'server' })
    }
    this.#agents = { requests: create(MAX_SOCKETS, IDLE_MS), watches: create(Number.POSITIVE_INFINITY), cert, key }
    return this.#agents
  }

  /** Lets what is under way on the present connections end, and starts none there. */
  #retire(): void {
    const agents = this.#agents
    this.#agents = undefined
    if (agents === undefined) return
    for (const agent of [agents.requests, agents.watches]) {
      agent.maxFreeSockets = 0
      dropIdle(agent)
    }
  }
}

/** Connections that nobody uses now; after a silence or a reset they are as dead as the one that showed it. */
function dropIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}
