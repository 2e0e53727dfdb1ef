import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { StreamSink } from '../kube/http.ts'
import { call, hear, rawConnection, type Served, serve, streaming, text } from './test-support.ts'

const HALF_OPEN = 2_000
const MIB = 1024 * 1024
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

let server: Served
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close(0)
})

async function connection(): Promise<TLSSocket> {
  const socket = await rawConnection(server)
  sockets.push(socket)
  return socket
}

describe('A server', () => {
  beforeEach(async () => {
    server = await serve(async ({ body }) => text(`${(await body()).length}`), { headMs: 300, requestMs: 600 })
  })

  afterEach(async () => {
    expect((await call(server, '/')).status, 'it serves on').toBe(200)
    expect(server.errors).toEqual([])
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a bad length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n', 400],
    ['a space in the path', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a head without end', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(300 * 1024)}\r\n\r\n`, 431],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ])('refuses %s', async (_, request, status) => {
    const socket = await connection()
    const answer = hear(socket)
    socket.write(request)
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  test.each([
    ['a head that comes too slowly', 'GET / HTTP/1.1\r\nHost: x\r\nX-'],
    ['a body that comes too slowly', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab'],
    ['nothing at all', ''],
  ])('gives up on %s', async (_, request) => {
    const socket = await connection()
    const answer = hear(socket)
    socket.write(request)
    expect(await answer).toMatch(/^HTTP\/1.1 408 /)
  })

  test('gives up on a connection that never begins its handshake', async () => {
    const begun = connect(server.port, '127.0.0.1').resume()
    sockets.push(begun)
    await new Promise((resolve) => begun.once('close', resolve))
  })

  test('survives a client that leaves in the middle of its body', async () => {
    const socket = await connection()
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab')
    socket.destroy()
  })
})

describe('A client that does not read', () => {
  test('is cut off once too much waits for it, and its writer is told', async () => {
    const { handler, sinks, closed } = streaming()
    server = await serve(handler, { pendingBytes: MIB })
    const socket = await connection()
    socket.pause()
    socket.write(GET)
    await vi.waitFor(() => expect(sinks).toHaveLength(1))
    const chunk = Buffer.alloc(64 * 1024)
    let written = 0
    const writer = setInterval(() => {
      sinks[0]?.write(chunk)
      written += chunk.length
    }, 1)
    await vi.waitFor(() => expect(closed()).toBe(1), { timeout: 10_000 })
    clearInterval(writer)
    // What the kernel's buffers took comes on top of the limit.
    expect(written).toBeLessThan(20 * MIB)
  })

  test('is not cut off for what its stream begins with, and gets all of it once it reads', async () => {
    const { handler, sinks, closed } = streaming()
    server = await serve(handler, { pendingBytes: MIB })
    const socket = await connection()
    socket.pause()
    socket.write(GET)
    await vi.waitFor(() => expect(sinks).toHaveLength(1))
    const chunk = Buffer.alloc(2_000, 'x')
    for (let count = 0; count < 20_000; count++) sinks[0]?.write(chunk)
    sinks[0]?.end()
    let heard = 0
    socket.on('data', (piece: Buffer) => {
      heard += piece.length
    })
    socket.resume()
    await vi.waitFor(() => expect(heard).toBeGreaterThan(40_000_000), { timeout: 4_000 })
    expect(closed()).toBe(0)
  })

  test.each([
    ['a stream', { stream: (sink: StreamSink) => sink.write(Buffer.alloc(30 * MIB)) }],
    ['a long list', { body: Buffer.alloc(30 * MIB) }],
  ])('is cut off after a while when it takes nothing of %s', async (_, answer) => {
    const seen = Promise.withResolvers<AbortSignal>()
    server = await serve(
      async ({ signal }) => {
        seen.resolve(signal)
        return { status: 200, ...answer }
      },
      { stallMs: 200 },
    )
    const socket = await connection()
    socket.pause()
    socket.write(GET)
    const signal = await seen.promise
    expect(signal.aborted).toBe(false)
    await vi.waitFor(() => expect(signal.aborted).toBe(true), { timeout: 10_000 })
  })
})

describe(`${HALF_OPEN} watches that nobody reads`, () => {
  test('cost little, and do not keep others from being served', { timeout: 180_000 }, async () => {
    const { handler, sinks } = streaming()
    server = await serve(async (request) => (request.path === '/watch' ? handler(request) : text('ok')))
    for (let count = 0; count < HALF_OPEN; count += 100) {
      await Promise.all(Array.from({ length: 100 }, open))
    }
    await vi.waitFor(() => expect(sinks).toHaveLength(HALF_OPEN))
    const before = process.memoryUsage().rss
    const event = Buffer.alloc(2_000, 'x')
    for (let round = 0; round < 20; round++) {
      for (const sink of sinks) sink.write(event)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await call(server, '/')).status).toBe(200)
    // Both ends of 2,000 connections are in this process; what waits for them is shared.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB)
  })

  async function open(): Promise<void> {
    const socket = await connection()
    socket.pause()
    socket.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n')
  }
})
