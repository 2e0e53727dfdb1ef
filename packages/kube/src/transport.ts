import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ConnectionError } from './errors.ts'
import type { Endpoint } from './kubeconfig.ts'

export type HttpRequest = {
  method: string
  /** Path and query below the endpoint's own path. */
  path: string
  headers?: Record<string, string>
  body?: string | undefined
  signal?: AbortSignal | undefined
  /** Milliseconds until the answer must be complete, for streams until it must begin. */
  timeoutMs: number
}

export type HttpResponse = { status: number; headers: IncomingMessage['headers']; body: string }

/** Connections to one API server at once, beside its watches: far below what one accepts, enough for hundreds of writes a second. */
const MAX_SOCKETS = 64
/** libuv probes an idle connection once a second from here on and gives it up after ten without an answer. */
const KEEP_ALIVE_MS = 10_000

/** HTTP to one API server over kept-alive connections. */
export class Transport {
  readonly #endpoint: Endpoint
  readonly #base: URL
  readonly #agent: HttpAgent
  readonly #watchAgent: HttpAgent

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#base = new URL(endpoint.server)
    const create = (maxSockets: number) => {
      const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets, scheduling: 'lifo' as const }
      return this.#base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
    }
    this.#agent = create(MAX_SOCKETS)
    this.#watchAgent = create(Number.POSITIVE_INFINITY)
  }

  /** @throws {ConnectionError} if there is no complete answer in time. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs)
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
    const response = await this.#open(request, signal, this.#agent)
    try {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }
    } catch (cause) {
      throw this.#failure(request, cause)
    }
  }

  /** Opens an answer without an end; aborting `signal` closes it. */
  async stream(request: HttpRequest & { signal: AbortSignal }): Promise<IncomingMessage> {
    const begin = new AbortController()
    const timer = setTimeout(() => begin.abort(new ConnectionError('no answer in time')), request.timeoutMs)
    try {
      return await this.#open(request, AbortSignal.any([begin.signal, request.signal]), this.#watchAgent)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#agent.destroy()
    this.#watchAgent.destroy()
  }

  async #open({ method, path, headers, body, ...request }: HttpRequest, signal: AbortSignal, agent: HttpAgent): Promise<IncomingMessage> {
    const { ca, servername, insecure, credentials } = this.#endpoint
    const { headers: authentication, cert, key } = await credentials()
    const options = {
      agent,
      method,
      signal,
      host: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port,
      path: this.#base.pathname.replace(/\/$/, '') + path,
      headers: { ...headers, ...authentication, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    }
    return await new Promise((resolve, reject) => {
      const outgoing = this.#base.protocol === 'https:' ? httpsRequest(options, resolve) : httpRequest(options, resolve)
      outgoing.on('error', (cause) => reject(this.#failure({ method, path, ...request }, cause)))
      outgoing.end(body)
    })
  }

  #failure({ method, path }: { method: string; path: string }, cause: unknown): ConnectionError {
    const reason = (cause as { code?: string }).code === 'ABORT_ERR' ? 'no answer in time' : (cause as Error).message
    return new ConnectionError(`${method} ${this.#base.origin}${path.split('?')[0]}: ${reason}`, { cause })
  }
}
