import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { StatusError } from '../kube/errors.ts'
import type { HttpHandler } from '../kube/http.ts'
import { call, hear, rawConnection, type Served, serve, streaming, text } from './test-support.ts'

const open: Served[] = []

async function served(...given: Parameters<typeof serve>): Promise<Served> {
  const server = await serve(...given)
  open.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)))
})

const echo: HttpHandler = async ({ body }) => text(`${(await body()).length} bytes`)
const failing =
  (error: unknown): HttpHandler =>
  () =>
    Promise.reject(error)

describe('A request', () => {
  test('reaches the handler with its path decoded once and its query apart', async () => {
    const server = await served(async ({ method, path, query }) => text(`${method} ${path} ${query.get('limit')}`))
    const { body } = await call(server, '/clusters/%2A/api/v1/configmaps?limit=5')
    expect(body.toString()).toBe('GET /clusters/*/api/v1/configmaps 5')
  })

  test('may have a body of 3 MiB and no more', async () => {
    const server = await served(echo)
    const limit = 3 * 1024 * 1024
    const post = (size: number) => call(server, '/', { method: 'POST', body: Buffer.alloc(size) })
    expect((await post(limit)).body.toString()).toBe(`${limit} bytes`)
    const { status, body } = await post(10_000_000)
    expect(status).toBe(413)
    expect(JSON.parse(body.toString())).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Request entity too large: limit is 3145728',
      reason: 'RequestEntityTooLarge',
      code: 413,
    })
  })

  test('is refused when a body of unknown length turns out too long', async () => {
    const server = await served(echo, { bodyBytes: 1_000 })
    const headers = { 'transfer-encoding': 'chunked' }
    expect((await call(server, '/', { method: 'POST', headers, body: Buffer.alloc(1_001) })).status).toBe(413)
  })

  test('is taken as it was sent, whatever its encoding is called', async () => {
    const server = await served(async ({ body }) => text((await body()).toString('hex')))
    const sent = gzipSync('hello')
    const { body } = await call(server, '/', { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: sent })
    expect(body.toString()).toBe(sent.toString('hex'))
  })

  test('tells its handler when the client went away', async () => {
    const seen = Promise.withResolvers<AbortSignal>()
    const server = await served(({ signal }) => {
      seen.resolve(signal)
      return new Promise(() => undefined)
    })
    const socket = await rawConnection(server)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const signal = await seen.promise
    expect(signal.aborted).toBe(false)
    socket.destroy()
    await vi.waitFor(() => expect(signal.aborted).toBe(true))
  })
})

describe('An answer', () => {
  test('is not to be cached', async () => {
    const server = await served(async () => text('ok'))
    expect((await call(server, '/')).headers['cache-control']).toBe('no-cache, private')
  })

  test.each([
    [128 * 1024 + 1, 'deflate, gzip', 'gzip'],
    [128 * 1024, 'gzip', undefined],
    [128 * 1024 + 1, 'br', undefined],
    [2_000_000, 'identity', undefined],
    [2_000_000, 'gzip', 'gzip'],
  ])('of %d bytes to a client that takes %s has the encoding %s', async (size, accepted, encoding) => {
    const content = Buffer.alloc(size, 'abc')
    const server = await served(async () => ({ status: 200, body: content }))
    const { headers, body } = await call(server, '/', { headers: { 'accept-encoding': accepted } })
    expect(headers['content-encoding']).toBe(encoding)
    expect((encoding === 'gzip' ? gunzipSync(body) : body).equals(content)).toBe(true)
  })

  test('that is compressed depends on what else it depended on', async () => {
    const server = await served(async () => ({ status: 200, headers: { vary: 'Accept' }, body: 'x'.repeat(200_000) }))
    const { headers } = await call(server, '/', { headers: { 'accept-encoding': 'gzip' } })
    expect(headers['vary']).toBe('Accept, Accept-Encoding')
  })

  test('of 304 says nothing of a type and a length, which clients would believe of the body they have', async () => {
    const server = await served(async () => ({ status: 304, headers: { etag: '"a"', vary: 'Accept' }, body: '' }))
    const { status, headers } = await call(server, '/')
    expect(status).toBe(304)
    expect(headers).toMatchObject({ etag: '"a"', vary: 'Accept' })
    expect(headers).not.toHaveProperty('content-type')
    expect(headers).not.toHaveProperty('content-length')
  })

  test('to a HEAD has the length of the body and no body', async () => {
    const server = await served(async () => text('ok'))
    const { headers, body } = await call(server, '/livez', { method: 'HEAD' })
    expect([headers['content-length'], body.length]).toEqual(['2', 0])
  })

  test('tells when to try again', async () => {
    const server = await served(failing(StatusError.tooManyRequests('not yet', 7)))
    const { status, headers } = await call(server, '/')
    expect([status, headers['retry-after']]).toEqual([429, '7'])
  })

  test('never shows an unexpected error, which is reported instead', async () => {
    const server = await served(failing(new TypeError('secret internals')))
    const { status, body } = await call(server, '/')
    expect(status).toBe(500)
    expect(JSON.parse(body.toString())).toMatchObject({ kind: 'Status', reason: 'InternalError', code: 500 })
    expect(body.toString()).not.toContain('secret')
    expect(server.errors).toEqual([new TypeError('secret internals')])
  })
})

describe('A stream', () => {
  test('starts at once and brings what one turn wrote as one piece', async () => {
    const { handler, sinks } = streaming()
    const server = await served(handler)
    const socket = await rawConnection(server)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await hear(socket, '\r\n\r\n')).toContain('200 OK')
    const [sink] = sinks
    for (const word of ['one ', 'two ', 'three']) sink?.write(Buffer.from(word))
    sink?.end()
    expect(await hear(socket, '0\r\n\r\n')).toBe('d\r\none two three\r\n0\r\n\r\n')
    socket.destroy()
  })

  test('ends and tells its writer when the server stops', async () => {
    const { handler, sinks, closed } = streaming()
    const server = await serve(handler)
    const answer = call(server, '/')
    await vi.waitFor(() => expect(sinks).toHaveLength(1))
    sinks[0]?.write(Buffer.from('last words'))
    await server.close(2 ** 31 - 1) // it waits for nothing, or this test does not end
    expect((await answer).body.toString()).toBe('last words')
    expect(closed()).toBe(1)
  })

  test('ended by its writer is no news to the writer', async () => {
    const { handler, sinks, closed } = streaming()
    const server = await served(handler)
    const answer = call(server, '/')
    await vi.waitFor(() => expect(sinks).toHaveLength(1))
    sinks[0]?.end()
    await answer
    expect(closed()).toBe(0)
  })

  test('lets its writer know that the client went away', async () => {
    const { handler, sinks, closed } = streaming()
    const server = await served(handler)
    const socket = await rawConnection(server)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await vi.waitFor(() => expect(sinks).toHaveLength(1))
    socket.destroy()
    await vi.waitFor(() => expect(closed()).toBe(1))
    expect(() => sinks[0]?.write(Buffer.from('into the void'))).not.toThrow()
  })
})
