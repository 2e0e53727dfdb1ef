import type { IncomingMessage } from 'node:http'
import { ConnectionError, type Wire } from '@resource-broker/kube'
import type { Injected } from '../../support/injections.ts'
import type { Process } from '../world/process.ts'
import { running, type VirtualTime } from '../world/virtual-time.ts'
import type { ApiServer } from './api-server.ts'
import { WatchStream } from './watch-stream.ts'

type HttpRequest = Parameters<Wire['send']>[0]
type HttpResponse = Awaited<ReturnType<Wire['send']>>

/** What becomes of one request; delays in milliseconds. */
export type Fate = { thereMs: number; backMs: number; lost?: 'request' | 'answer' }

export type WireOptions = {
  time: VirtualTime
  server: ApiServer
  fate: (server: ApiServer, who: Process | undefined, request: HttpRequest) => Fate
  /** Told of each request when the server has done it: what it came to, and who asked. */
  handled: (server: ApiServer, who: Process | undefined, request: HttpRequest, status: number) => void
  /** Told before and after the server does it, so that changes have an author. */
  acts: (who: Process | undefined) => void
  /** What is answered in the place of the server's own answer, if anything. */
  injected?: (server: ApiServer, request: HttpRequest) => Injected | undefined
}

/** The way to one server, on which requests and answers take their time and get lost. */
export class SimulatedWire implements Pick<Wire, 'send' | 'stream' | 'update' | 'renewCredentials' | 'close'> {
  readonly #options: WireOptions

  constructor(options: WireOptions) {
    this.#options = options
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { time, server, fate } = this.#options
    const who = running.getStore()
    const { thereMs, backMs, lost } = fate(server, who, request)
    request.signal?.throwIfAborted()
    return await new Promise<HttpResponse>((answered, failed) => {
      const aborted = () => failed(request.signal?.reason)
      // Of a signal that lives for as long as a process each listener is looked through for the next.
      const settled = () => request.signal?.removeEventListener('abort', aborted)
      const resolve = (response: HttpResponse) => {
        settled()
        answered(response)
      }
      const reject = (error: Error) => {
        settled()
        failed(error)
      }
      request.signal?.addEventListener('abort', aborted, { once: true })
      const injected = this.#options.injected?.(server, request)
      if (injected === 'broken off')
        return void time.after(thereMs + backMs, () => reject(brokenOff(server, request)), who)
      if (typeof injected === 'object') return void time.after(thereMs + backMs, () => resolve(refused(injected)), who)
      const isUnanswered = injected !== undefined || lost !== undefined
      const noAnswer = () => reject(new ConnectionError(`${request.method} ${server.name}${request.path}: no answer`))
      if (isUnanswered || thereMs + backMs > request.timeoutMs) time.after(request.timeoutMs, noAnswer, who)
      if (lost === 'request') return
      time.after(thereMs, () => {
        if (server.trouble === 'cut off') return void time.after(backMs, noAnswer, who)
        const answer = server.trouble === 'starting' ? refused(unauthorized(request)) : this.#handle(request, who)
        if (!isUnanswered) time.after(backMs, () => resolve(answer), who)
      })
    })
  }

  #handle(request: HttpRequest, who: Process | undefined): HttpResponse {
    const { server, acts, handled } = this.#options
    acts(who)
    const { status, body } = server.handle(request)
    acts(undefined)
    handled(server, who, request, status)
    return { status, headers: { date: new Date(server.now()).toUTCString() }, body: JSON.stringify(body) }
  }

  async stream(request: HttpRequest & { signal: AbortSignal }): Promise<IncomingMessage> {
    const { time, server, fate } = this.#options
    const who = running.getStore()
    const { thereMs } = fate(server, who, request)
    request.signal.throwIfAborted()
    return await new Promise<IncomingMessage>((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true })
      const injected = this.#options.injected?.(server, request)
      if (injected === 'performed, and not answered') {
        const noAnswer = new ConnectionError(`${request.method} ${server.name}${request.path}: no answer`)
        return void time.after(request.timeoutMs, () => reject(noAnswer), who)
      }
      time.after(
        thereMs,
        () => {
          if (injected !== undefined) resolve(streamed(server, request, injected))
          else if (server.trouble === 'cut off') reject(new ConnectionError(`${server.name}: no answer`))
          else if (server.trouble === 'starting') resolve(streamed(server, request, unauthorized(request)))
          else
            resolve(
              new WatchStream({
                time,
                server,
                request,
                delay: () => fate(server, who, request).backMs,
                who,
              }) as unknown as IncomingMessage,
            )
        },
        who,
      )
    })
  }

  update(): void {}

  renewCredentials(): boolean {
    return false
  }

  close(): void {}
}

const brokenOff = ({ name }: ApiServer, { method, path }: HttpRequest) =>
  new ConnectionError(`${method} ${name}${path.split('?')[0]}: aborted`)

/** In the words of kube-apiserver 1.34. */
const unauthorized = ({ method, path }: HttpRequest) => ({
  status: 403,
  reason: 'Forbidden',
  message: `forbidden: User "broker" cannot ${method} ${path.split('?')[0]}: RBAC: clusterrole.rbac.authorization.k8s.io "broker" not found`,
})

function refused({ status, reason, message, retryAfterSeconds }: Exclude<Injected, string>): HttpResponse {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return { status, headers, body: JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason, message }) }
}

/** A watch that is refused, or breaks off. */
function streamed(
  server: ApiServer,
  request: HttpRequest,
  injected: Exclude<Injected, 'performed, and not answered'>,
): IncomingMessage {
  const isBroken = injected === 'broken off'
  const { status, headers, body } = isBroken ? { status: 200, headers: {}, body: '{"kind":' } : refused(injected)
  async function* chunks() {
    yield Buffer.from(body)
    if (isBroken) throw brokenOff(server, request)
  }
  const stream = { statusCode: status, headers, destroy: () => undefined, [Symbol.asyncIterator]: chunks }
  return stream as unknown as IncomingMessage
}
