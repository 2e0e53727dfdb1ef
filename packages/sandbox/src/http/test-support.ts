import { type Agent, request } from 'node:https'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import type { HttpHandler, HttpResponse, StreamSink } from '../kube/http.ts'
import { sharedAuthorities } from './authorities.ts'
import { type Limits, type Listener, listen } from './listen.ts'

export type Served = Listener & { port: number; ca: string; trust: SecureContext; errors: unknown[] }

/** Serves `handler` on a free port, with the authorities of this process. */
export async function serve(handler: HttpHandler, limits: Partial<Limits> = {}): Promise<Served> {
  const authorities = await sharedAuthorities()
  const { certificate, key } = await authorities.serving.issueServing([])
  const tls = { certificate, key, clientCa: authorities.client.certificate }
  const errors: unknown[] = []
  const listener = await listen(handler, { tls, limits, onError: (error) => errors.push(error) })
  const ca = authorities.serving.certificate
  return { ...listener, port: Number(new URL(listener.url).port), ca, trust: createSecureContext({ ca }), errors }
}

export const text = (body: string): HttpResponse => ({ status: 200, contentType: 'text/plain', body })

/** A handler whose streams the test writes to. */
export function streaming(): { handler: HttpHandler; sinks: StreamSink[]; closed: () => number } {
  const sinks: StreamSink[] = []
  let closed = 0
  const stream = (sink: StreamSink) => {
    sinks.push(sink)
    sink.onClose(() => closed++)
  }
  return { handler: async () => ({ status: 200, stream }), sinks, closed: () => closed }
}

export type Call = {
  method?: string
  headers?: Record<string, string>
  body?: Buffer | string
  cert?: string
  key?: string
  agent?: Agent
}
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

/** One request; the whole answer. */
export function call(
  { url, ca }: Pick<Served, 'url' | 'ca'>,
  path: string,
  { body, ...options }: Call = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { ca, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A connection on which the test says what it wants. */
export function rawConnection({ port, trust }: Served): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', secureContext: trust, ALPNProtocols: ['http/1.1'] }, () =>
      resolve(socket),
    )
    socket.once('error', reject)
  })
}

/** All that `socket` says until it ends, or until `until` has come. */
export function hear(socket: TLSSocket, until?: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    const done = () => resolve(heard)
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      if (until !== undefined && heard.includes(until)) done()
    })
    socket.on('close', done)
    socket.on('error', done)
  })
}
