import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, isIPv6, type Socket } from 'node:net'
import { StatusError } from '../kube/errors.ts'
import type { HttpHandler } from '../kube/http.ts'
import { send, statusAnswer, unexpectedAnswer } from './answer.ts'
import { BODY_LIMIT_BYTES } from './body.ts'
import { Incoming } from './incoming.ts'
import { Outlets } from './outlets.ts'

/** PEM texts. */
type TlsFiles = { certificate: string; key: string; clientCa: string }

export type ListenOptions = {
  tls: TlsFiles
  /** Address to listen on; the loopback address by default. */
  host?: string
  /** What the URL names instead of `host`. */
  externalHost?: string
  /** 0, the default, takes a free one. */
  port?: number
  /** Hears of exceptions that were no StatusError; the client is told nothing of them. */
  onError: (error: unknown, request: { method: string; path: string }) => void
  limits?: Partial<Limits>
}

export type Limits = {
  /** Of a request's body, also once inflated. */
  bodyBytes: number
  /** Bytes that may wait for a client beyond what its stream began with. */
  pendingBytes: number
  /** How long a client may take nothing while bytes wait for it. */
  stallMs: number
  /** For the TLS handshake, and again for the head of a request. */
  headMs: number
  /** For a whole request; answers may take any time. */
  requestMs: number
}

export type Listener = {
  /** Without a trailing slash. */
  url: string
  /** Ends streams, lets requests that are under way finish for `graceMs` (one second by default), then drops the connections. */
  close: (graceMs?: number) => Promise<void>
}

const DEFAULT_LIMITS: Limits = {
  bodyBytes: BODY_LIMIT_BYTES,
  pendingBytes: 8 * 1024 * 1024,
  stallMs: 60_000,
  headMs: 15_000,
  requestMs: 60_000,
}
const CLOSE_GRACE_MS = 1_000
/** Go's servers take 1 MiB; long selectors and tokens are far smaller. */
const HEAD_BYTES = 256 * 1024
/** Longer than the 90 s for which Go's clients keep an idle connection, so that they close first and never write into a closing one. */
const KEEP_ALIVE_MS = 120_000
/** Finds peers that vanished without a word. */
const TCP_PROBE_DELAY_MS = 30_000
/** For a client to read why it was refused. */
const LINGER_MS = 1_000
/** What is said to requests that never became one, by the code of Node's error. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/**
 * Serves `handler` by HTTPS. HTTP/1.1 only: every Kubernetes client falls back to it when ALPN offers nothing else, and in Node an
 * HTTP/2 stream costs more time and memory than a request on a kept connection. Rejects with the system's error where
 * the address cannot be had (`code` is EADDRINUSE and the like).
 */
export async function listen(handler: HttpHandler, options: ListenOptions): Promise<Listener> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const outlets = new Outlets(limits)
  const server = makeServer(options.tls, limits)
  const sockets = trackSockets(server)
  server.on('request', inTurn(serve))
  server.on('clientError', refuseMalformed)
  const { host = '127.0.0.1', externalHost = host, port = 0 } = options
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  const ending = (graceMs = CLOSE_GRACE_MS) => close({ server, outlets, sockets }, graceMs)
  return { url: urlOf(server, externalHost), close: ending }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // While the server stops, nobody is to wait for what a kept connection might still bring.
    response.once('finish', () => !server.listening && setImmediate(() => server.closeIdleConnections()))
    try {
      const answer = await handler(new Incoming(request, response, limits.bodyBytes))
      if (!response.destroyed) await send(request, response, answer, outlets)
    } catch (error) {
      await fail(error, request, response)
    }
  }

  async function fail(error: unknown, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const expected = error instanceof StatusError
    if (!expected) options.onError(error, { method: request.method ?? '', path: request.url ?? '' })
    if (response.headersSent || response.destroyed) return void response.destroy()
    await send(request, response, expected ? statusAnswer(error) : unexpectedAnswer(), outlets)
  }
}

/** Requests that come on one connection before the answer to the first are served one after the other, as Go's servers do. */
function inTurn(serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const latest = new WeakMap<Socket, ServerResponse>()
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    const before = latest.get(socket)
    latest.set(socket, response)
    if (before === undefined || before.closed) return void serve(request, response)
    before.once('close', () => {
      // Nobody waits for the answer any more.
      if (!socket.destroyed) void serve(request, response)
    })
  }
}

function makeServer({ certificate, key, clientCa }: TlsFiles, limits: Limits): Server {
  return createServer({
    cert: certificate,
    key,
    ca: clientCa,
    requestCert: true,
    // Clients with a token have none; credentialsOf looks at what came.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.headMs,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(limits.headMs, limits.requestMs) / 3,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEAD_BYTES,
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_DELAY_MS,
    noDelay: true,
  })
}

function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error
  // Already told; what the client sent meanwhile is dropped, since a reset would take the answer from it.
  if (socket.writableEnded && !socket.destroyed) return
  // Anything else is no matter of HTTP: the TLS handshake failed, or the peer is gone.
  const status = code.startsWith('HPE_') ? (REFUSALS[code] ?? '400 Bad Request') : REFUSALS[code]
  if (status === undefined || !socket.writable) return void socket.destroy()
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`)
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  const wildcard = host === '0.0.0.0' || host === '::'
  const name = wildcard ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host
  return `https://${name}:${port}`
}

/** The connections as they came, since a server does not know those that are still in their TLS handshake. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

type Open = { server: Server; outlets: Outlets; sockets: ReadonlySet<Socket> }

async function close({ server, outlets, sockets }: Open, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  outlets.endAll()
  const drop = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, graceMs)
  await closed
  clearTimeout(drop)
}
