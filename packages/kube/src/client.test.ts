import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Answer, answer, ScriptedServer, status } from '../test/scripted-server.ts'
import { type ClientEvent, KubeClient, type Write } from './client.ts'
import { ConnectionError, isAlreadyExists, isGone, isNotFound, isTransient, KubeError } from './errors.ts'
import type { HttpResponse, Transport } from './transport.ts'

const things = { group: 'ex.io', version: 'v1', resource: 'things', namespace: 'default' }
const ref = { ...things, name: 'a' }
const object = { metadata: { name: 'a', resourceVersion: '1' } }
const busy = status(429, 'TooManyRequests', 'The apiserver is under load, please try again.', { retryAfterSeconds: 1 })

let server: ScriptedServer

beforeEach(async () => {
  server = await ScriptedServer.start()
})

afterEach(() => server.stop())

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => error as KubeError,
  )

test('a server that asks for patience gets it from all calls to it', async () => {
  const events: ClientEvent[] = []
  const client = server.client({ onEvent: (event) => events.push(event) })
  server.next(answer(429, busy, { 'retry-after': '1' }), answer(200, object), answer(200, object))
  const started = performance.now()
  const first = client.get(ref)
  await waitFor('throttled', () => events.some(({ type }) => type === 'throttled'), { intervalMs: 5 })
  await Promise.all([first, client.get(ref)])
  expect(performance.now() - started).toBeGreaterThan(990)
  expect(events.map((event) => (event.type === 'request' ? event.status : event))).toEqual([
    429,
    { type: 'throttled', seconds: 1 },
    200,
    200,
  ])
})

test('503 with Retry-After is waited for, 503 without is an answer', async () => {
  const client = server.client()
  const away = status(503, 'ServiceUnavailable', 'apiserver is shutting down')
  server.next(answer(503, away, { 'retry-after': '0' }), answer(200, object), answer(503, away))
  expect(await client.get(ref)).toEqual(object)
  const error = await refusal(client.get(ref))
  expect([error.status, error.reason, isTransient(error)]).toEqual([503, 'ServiceUnavailable', true])
})

test('patience has an end, and then the answer is passed on', async () => {
  server.next(...Array.from({ length: 6 }, () => answer(429, busy, { 'retry-after': '0' })))
  const error = await refusal(server.client().get(ref))
  expect([error.status, error.retryAfterSeconds, isTransient(error), server.requests.length]).toEqual([429, 0, true, 6])
})

test('a server that asks for more patience than there is gets its answer passed on at once, also to who asks meanwhile', async () => {
  const client = server.client()
  server.next(answer(429, busy, { 'retry-after': '600' }))
  const errors = [await refusal(client.get(ref)), await refusal(client.get(ref))]
  expect(errors.map(({ status, message }) => [status, message])).toEqual(Array(2).fill([429, errors[0]?.message]))
  expect(server.requests.length).toBe(1)
})

test('a request that has no answer for long is told of, and goes on', async ({ onTestFinished }) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const events: ClientEvent[] = []
  const held = Promise.withResolvers<HttpResponse>()
  const transport = { send: () => held.promise } as unknown as Transport
  const client = new KubeClient({ transport, base: '' }, { onEvent: (event) => events.push(event) })
  const call = client.get(ref)
  vi.advanceTimersByTime(3_000)
  held.resolve({ status: 200, headers: {}, body: JSON.stringify(object) })
  expect(await call).toEqual(object)
  const path = '/apis/ex.io/v1/namespaces/default/things/a'
  expect(events).toEqual([
    { type: 'unanswered', method: 'GET', path, seconds: 3 },
    expect.objectContaining({ type: 'request', status: 200 }),
  ])
})

test('the time is that of the server, for all that ask it', async () => {
  const client = server.client()
  server.next(answer(200, object, { date: 'Thu, 01 Jan 2032 00:00:00 GMT' }))
  expect(client.knowsTime).toBe(false)
  await client.below('/clusters/a').get(ref)
  expect(client.knowsTime).toBe(true)
  const fence = { signal: new AbortController().signal, check: () => undefined }
  expect(client.now().getUTCFullYear()).toBe(2032)
  expect(client.under(fence).now().getUTCFullYear()).toBe(2032)
})

test('each write is told of once, with its last answer, and no read', async () => {
  const told: unknown[] = []
  const onWrite = ({ method, target, subresource }: Write) => {
    return (code: number) => void told.push([method, target, subresource, code])
  }
  const client = server.client({ onWrite }).below('')
  server.next(answer(200, object), answer(201, object), answer(429, busy, { 'retry-after': '0' }), answer(200, object))
  await client.get(ref)
  await client.create(things, object)
  await client.mergePatch(ref, { status: {} }, { subresource: 'status' })
  server.next(answer(404, status(404, 'NotFound', 'no such thing')))
  await refusal(client.delete(ref))
  await refusal(client.replace(ref, object, { signal: AbortSignal.abort() }))
  expect(told).toEqual([
    ['POST', things, undefined, 201],
    ['PATCH', ref, 'status', 200],
    ['DELETE', ref, undefined, 404],
    ['PUT', ref, undefined, 0],
  ])
})

test('an abort ends the waiting', async () => {
  const client = server.client()
  server.next(answer(429, busy, { 'retry-after': '3' }))
  const stop = new AbortController()
  const call = refusal(client.get(ref, { signal: stop.signal }))
  await waitFor('asked', () => server.requests.length === 1, { intervalMs: 5 })
  stop.abort(new Error('enough'))
  expect((await call).message).toBe('enough')
  expect((await refusal(client.get(ref, { signal: stop.signal }))).message).toBe('enough')
})

test('an abort ends a request, and is not a fault of the server', async () => {
  const stop = new AbortController()
  const call = refusal(server.client().get(ref, { signal: stop.signal }))
  await waitFor('asked', () => server.requests.length === 1, { intervalMs: 5 })
  stop.abort()
  expect([(await call).name, isTransient(await call)]).toEqual(['AbortError', false])
})

test.each([
  ['says nothing', () => undefined],
  [
    'stops in the middle',
    (_request: unknown, response: import('node:http').ServerResponse) => void response.writeHead(200).write('{"met'),
  ],
])('a server that %s is a timeout', async (_name, silent) => {
  server.next(silent)
  const error = await refusal(server.client().get(ref, { timeoutMs: 50 }))
  expect(error).toBeInstanceOf(ConnectionError)
  expect([error.message, isTransient(error)]).toEqual([
    `GET ${server.url}/apis/ex.io/v1/namespaces/default/things/a: no answer within 50 ms`,
    true,
  ])
})

test('a server that is not there is a connection error', async () => {
  const client = server.client()
  server.stop()
  const error = await refusal(client.create(things, object))
  expect([error.code, isTransient(error)]).toEqual(['KubeConnection', true])
  expect(error.message).toContain('ECONNREFUSED')
})

test('a kept-alive connection that the server closes is no error for what may be sent twice, and one for what may not', async () => {
  const client = server.client()
  const close = (request: import('node:http').IncomingMessage) => request.socket.resetAndDestroy()
  server.next(answer(200, object), close, answer(200, object))
  await client.get(ref)
  expect(await client.apply(ref, object)).toEqual(object)
  server.next(close)
  expect(await refusal(client.create(things, object))).toBeInstanceOf(ConnectionError)
  server.next(answer(200, object), close, answer(422, {}))
  await client.get(ref)
  expect(await refusal(client.apply(ref, object, { createOnly: true }))).toBeInstanceOf(ConnectionError)
})

test('a proxy that answers in its own words', async () => {
  server.next(
    answer(404, '404 page not found\n'),
    answer(502, '<html>Bad Gateway</html>'),
    answer(410, ''),
    answer(500, '{}'),
  )
  const client = server.client()
  const errors = [
    await refusal(client.get(ref)),
    await refusal(client.get(ref)),
    await refusal(client.get(ref)),
    await refusal(client.get(ref)),
  ]
  expect(errors.map(({ message }) => message)).toEqual([
    '404 page not found',
    '<html>Bad Gateway</html>',
    'HTTP 410',
    'HTTP 500',
  ])
  expect([isNotFound(errors[0]), isTransient(errors[1]), isGone(errors[2]), isTransient(errors[3])]).toEqual([
    true,
    true,
    true,
    true,
  ])
})

test('a list whose pages expire is asked for at once', async () => {
  server.next(answer(200, { metadata: { resourceVersion: '5', continue: 'more' }, items: [object] }))
  server.next(answer(410, status(410, 'Expired', 'The provided continue parameter is too old')))
  server.next(answer(200, { metadata: { resourceVersion: '9' }, items: [object, object] }))
  const list = await server.client().list(things, { limit: 1 })
  expect([list.items.length, list.resourceVersion]).toEqual([2, '9'])
  expect(server.requests[2]).toBe('GET /apis/ex.io/v1/namespaces/default/things')
})

test('requests as they go out', async () => {
  const client = server.client()
  server.next(...Array.from({ length: 6 }, () => answer(200, object)))
  await client.apply(ref, object, { force: true, subresource: 'status' })
  await client.mergePatch({ ...ref, name: 'a/b' }, {}, { fieldManager: 'x y' })
  await client.replace(ref, object)
  await client.create({ group: '', version: 'v1', resource: 'namespaces' }, object)
  await client.delete(ref, { uid: 'u' })
  await client.apply(ref, object, { createOnly: true })
  const path = '/apis/ex.io/v1/namespaces/default/things'
  expect(server.requests).toEqual([
    `PATCH ${path}/a/status?fieldManager=resource-broker&force=true`,
    `PATCH ${path}/a%2Fb?fieldManager=x%20y`,
    `PUT ${path}/a?fieldManager=resource-broker`,
    'POST /api/v1/namespaces?fieldManager=resource-broker',
    `DELETE ${path}/a`,
    `PATCH ${path}/a?fieldManager=resource-broker&force=false`,
  ])
  expect(server.headers.slice(0, 2).map((headers) => headers['content-type'])).toEqual([
    'application/apply-patch+yaml',
    'application/merge-patch+json',
  ])
  expect(Number(server.headers[4]?.['content-length'])).toBeGreaterThan(0)
})

test('credentials that are refused are renewed once, and stand in no error', async () => {
  let token = 'old-secret'
  const renewals: string[] = []
  const source = {
    current: () => ({ headers: { authorization: `Bearer ${token}` } }),
    renew: () => {
      renewals.push(token)
      token = 'new-secret'
      return true
    },
  }
  const client = server.client({}, source)
  const refused = answer(401, status(401, 'Unauthorized', 'Unauthorized'))
  server.next(refused, answer(200, object), refused, refused)
  expect(await client.get(ref)).toEqual(object)
  expect(server.headers.map(({ authorization }) => authorization)).toEqual(['Bearer old-secret', 'Bearer new-secret'])
  const error = await refusal(client.get(ref))
  expect([error.status, renewals.length]).toEqual([401, 2])
  expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain('secret')
})

test('refusals that look alike are told apart', () => {
  const errors = [new KubeError(409, { reason: 'AlreadyExists' }), new KubeError(409, { reason: 'Conflict' })]
  expect(errors.map(isAlreadyExists)).toEqual([true, false])
})

test('a closed client says so', async () => {
  const client = server.client()
  client.close()
  expect((await refusal(client.get(ref))).message).toContain('the client was closed')
})

test('integers of 64 bits are read and written as they stand', async () => {
  const text =
    '{"metadata":{"name":"a"},"spec":{"v":9007199254740993,"ends":[-9223372036854775808,9223372036854775807]}}'
  const client = server.client()
  const bodies: string[] = []
  const echo: Answer = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      answer(200, text)(request, response)
    })
  }
  server.next(answer(200, text), echo, echo)
  const read = await client.get<object>(ref)
  expect(read).toMatchObject({ spec: { v: 9007199254740993n, ends: [-9223372036854775808n, 9223372036854775807n] } })
  await client.apply(ref, read)
  await client.mergePatch(ref, read)
  expect(bodies).toEqual([text, text])
})

test('a client under a fence asks it before each write, ends with it, and reads without asking', async () => {
  const stopping = new AbortController()
  let asked = 0
  const check = () => {
    asked++
    stopping.signal.throwIfAborted()
  }
  const under = server.client().under({ signal: stopping.signal, check })
  const body = { metadata: { name: 'a' } }
  const writes = [
    () => under.create(things, body),
    () => under.replace(ref, body),
    () => under.apply(ref, body),
    () => under.mergePatch(ref, body),
    () => under.delete(ref),
  ]
  server.next(...writes.map(() => answer(200, object)), answer(200, object))
  for (const write of writes) await write()
  expect(asked).toBe(writes.length)
  await under.get(ref)
  expect(asked).toBe(writes.length)
  const sent = server.requests.length
  stopping.abort(new Error('the partition is another’s'))
  for (const write of writes) await expect(write()).rejects.toThrow('another’s')
  expect(server.requests).toHaveLength(sent)
})

test('what is below a client under a fence is under it too', async () => {
  const check = () => {
    throw new Error('the partition is another’s')
  }
  const under = server.client().under({ signal: new AbortController().signal, check })
  await expect(under.below('/clusters/a').create(things, object)).rejects.toThrow('another’s')
  expect(server.requests).toEqual([])
})
