import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Recorder } from '../../test/recorder.ts'
import { answer, LiveWatch, ScriptedServer, status } from '../../test/scripted-server.ts'
import type { WatchedObject, WatchOptions } from './types.ts'
import { type Watch, watchResource } from './watch.ts'

const things = { group: 'ex.io', version: 'v1', resource: 'things' }
const QUICK = { firstRetryMs: 5, lastRetryMs: 20, random: () => 0.5 }

let server: ScriptedServer
let stop: AbortController
let recorder: Recorder
let watch: Watch

beforeEach(async () => {
  server = await ScriptedServer.start()
  stop = new AbortController()
  recorder = new Recorder()
})

afterEach(async () => {
  stop.abort()
  await watch.ended
  server.stop()
  expect(recorder.mistakes).toEqual([])
})

function start(options: Partial<WatchOptions> = {}, handler: Partial<Recorder> = {}): void {
  const all = { upsert: recorder.upsert, delete: recorder.delete, synced: recorder.synced, report: recorder.report }
  const given = { ...things, ...QUICK, ...options }
  watch = watchResource(server.client({ timeoutMs: 500 }), given, { ...all, ...handler }, { signal: stop.signal })
}

const thing = (name: string, resourceVersion: number, uid = `uid-of-${name}`) => ({
  apiVersion: 'ex.io/v1',
  kind: 'Thing',
  metadata: {
    name,
    namespace: 'default',
    uid,
    resourceVersion: String(resourceVersion),
    managedFields: [{ manager: 'm' }],
  },
})
const bookmark = (resourceVersion: number, annotations?: object) => ({
  kind: 'Thing',
  apiVersion: 'ex.io/v1',
  metadata: { resourceVersion: String(resourceVersion), annotations },
})
const listEnd = (resourceVersion: number) => bookmark(resourceVersion, { 'k8s.io/initial-events-end': 'true' })

/** A streaming list of `objects`, complete at `version`. */
function listed(version: number, ...objects: object[]): LiveWatch {
  const live = new LiveWatch()
  for (const object of objects) live.send('ADDED', object)
  server.next(live.send('BOOKMARK', listEnd(version)).answer)
  return live
}

function nextWatch(): LiveWatch {
  const live = new LiveWatch()
  server.next(live.answer)
  return live
}

const told = async (...expected: string[]) => {
  await waitFor(`told ${expected.length}: ${expected}`, () => recorder.told.length >= expected.length, {
    intervalMs: 5,
  }).catch(() => undefined)
  expect(recorder.told).toEqual(expected)
}
const requested = (count: number) =>
  waitFor(`${count} requests`, () => server.requests.length >= count, { intervalMs: 5 })
const query = (index: number) => new URL(`http://x${server.requests[index]?.split(' ')[1]}`).searchParams
const relists = () => recorder.events.flatMap((event) => (event.type === 'relisting' ? [event.reason] : []))

test('a streaming list and what follows', async () => {
  const live = listed(10, thing('a', 5), thing('b', 7))
  start()
  await told('+a@5', '+b@7', 'synced')
  live.send('MODIFIED', thing('a', 11)).send('DELETED', thing('b', 12)).send('ADDED', thing('c', 13))
  await told('+a@5', '+b@7', 'synced', '+a@11', '-b', '+c@13')
  expect([...watch.known.keys()]).toEqual(['default/a', 'default/c'])
  expect(query(0).get('sendInitialEvents')).toBe('true')
})

test('what vanished before the list is complete is not there', async () => {
  listed(10, thing('a', 5)).send('DELETED', thing('a', 11))
  start()
  await told('+a@5', 'synced', '-a')
})

test('after a silent end it goes on from the last event, at once', async () => {
  const first = listed(10, thing('a', 5))
  const second = nextWatch().send('MODIFIED', thing('a', 12))
  start({ firstRetryMs: 60_000 })
  await told('+a@5', 'synced')
  first.send('MODIFIED', thing('a', 11))
  await told('+a@5', 'synced', '+a@11')
  first.end()
  await told('+a@5', 'synced', '+a@11', '+a@12')
  expect(query(1).get('resourceVersion')).toBe('11')
  expect(second.opened).toBe(true)
})

test('a bookmark moves the place to go on from', async () => {
  const first = listed(10, thing('a', 5))
    .send('BOOKMARK', bookmark(40))
    .send('MODIFIED', thing('a', 41))
    .send('BOOKMARK', bookmark(50))
  const second = nextWatch()
  start()
  await told('+a@5', 'synced', '+a@41')
  first.end()
  await waitFor('reconnected', () => second.opened)
  expect(query(1).get('resourceVersion')).toBe('50')
})

test('a connection that breaks in the middle of a line loses nothing and invents nothing', async () => {
  const first = listed(10, thing('a', 5))
  nextWatch().send('MODIFIED', thing('a', 11)).send('ADDED', thing('b', 12))
  start()
  await told('+a@5', 'synced')
  first.raw(JSON.stringify({ type: 'MODIFIED', object: thing('a', 11) }).slice(0, -9))
  await waitFor('read', () => recorder.events.length > 0)
  first.cut()
  await told('+a@5', 'synced', '+a@11', '+b@12')
  expect(query(1).get('resourceVersion')).toBe('10')
})

test.each([
  ['as the status of the answer', answer(410, status(410, 'Expired', 'too old resource version: 10 (90)'))],
  ['as an event', new LiveWatch().send('ERROR', status(410, 'Expired', 'too old resource version: 10 (90)')).answer],
])('410 %s: the view is listed anew, and what vanished is deleted', async (_name, gone) => {
  const first = listed(10, thing('a', 5), thing('b', 6), thing('c', 7))
  server.next(gone)
  listed(100, thing('a', 5), thing('b', 95, 'uid-of-another-b'), thing('d', 96))
  start()
  await told('+a@5', '+b@6', '+c@7', 'synced')
  first.end()
  await told('+a@5', '+b@6', '+c@7', 'synced', '-b', '+b@95', '+d@96', '-c', 'synced')
  expect(relists()).toEqual(['too old resource version: 10 (90)'])
})

test.each([
  [500, 'InternalError', 'an error on the server has prevented the request from succeeding'],
  [504, 'Timeout', 'Timeout: Too large resource version: 99, current: 90'],
  [429, 'TooManyRequests', 'storage is (re)initializing'],
])('after an event ERROR %i it goes on from where it was', async (code, reason, message) => {
  const first = listed(10, thing('a', 5))
  nextWatch().send('MODIFIED', thing('a', 11))
  start()
  await told('+a@5', 'synced')
  first.send('ERROR', status(code, reason, message))
  await told('+a@5', 'synced', '+a@11')
  expect(query(1).get('resourceVersion')).toBe('10')
  expect(recorder.has('disconnected')).toBe(true)
})

test('errors that do not end from one version lead to a new list', async () => {
  listed(10, thing('a', 5)).send('ERROR', status(500, 'InternalError', 'etcd event received with PrevKv=nil'))
  for (let i = 0; i < 3; i++)
    nextWatch().send('ERROR', status(500, 'InternalError', 'etcd event received with PrevKv=nil'))
  listed(20, thing('a', 15))
  start()
  await told('+a@5', 'synced', '+a@15', 'synced')
  expect(relists()).toEqual(['4 failures, the last: etcd event received with PrevKv=nil'])
})

test('a streaming list that a lagging watch cache cannot give is replaced by a plain one, from etcd', async () => {
  const lags = status(504, 'Timeout', 'Timeout: Too large resource version: 99, current: 90', {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
  server.next(answer(504, lags), answer(504, lags))
  server.next(answer(200, { kind: 'ThingList', metadata: { resourceVersion: '99' }, items: [thing('a', 98)] }))
  nextWatch().send('ADDED', thing('b', 100))
  start()
  await told('+a@98', 'synced', '+b@100')
  expect(server.requests[2]).toBe('GET /apis/ex.io/v1/things?limit=500')
})

test('a server without streaming lists is listed page by page', async () => {
  server.next(
    answer(
      422,
      status(
        422,
        'Invalid',
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      ),
    ),
  )
  server.next(answer(200, { metadata: { resourceVersion: '30', continue: 'more' }, items: [thing('a', 5)] }))
  server.next(answer(200, { metadata: { resourceVersion: '30' }, items: [thing('b', 6)] }))
  nextWatch().send('MODIFIED', thing('a', 31))
  start({ labelSelector: 'x=y' })
  await told('+a@5', '+b@6', 'synced', '+a@31')
  expect(server.requests[2]).toBe('GET /apis/ex.io/v1/things?labelSelector=x%3Dy&limit=500&continue=more')
  expect(query(3).get('resourceVersion')).toBe('30')
})

test('a server that ignores sendInitialEvents, as before 1.27, is listed too', async () => {
  nextWatch().send('ADDED', thing('a', 5)).send('BOOKMARK', bookmark(30))
  server.next(answer(200, { metadata: { resourceVersion: '30' }, items: [thing('a', 5), thing('b', 6)] }))
  start()
  await told('+a@5', '+b@6', 'synced')
})

test('a page that expired starts the list again', async () => {
  server.next(answer(400, status(400, 'BadRequest', 'sendInitialEvents')))
  server.next(
    answer(200, { metadata: { resourceVersion: '30', continue: 'more' }, items: [thing('a', 5), thing('b', 6)] }),
  )
  server.next(answer(410, status(410, 'Expired', 'The provided continue parameter is too old')))
  server.next(answer(200, { metadata: { resourceVersion: '50' }, items: [thing('a', 5), thing('c', 40)] }))
  start()
  await told('+a@5', '+b@6', '+c@40', '-b', 'synced')
})

test.each([
  ['a bookmark', 'BOOKMARK', bookmark(9)],
  ['an event', 'ADDED', thing('x', 9)],
])('a restored etcd, seen by %s with an earlier version, leads to a new list', async (_name, type, object) => {
  const first = listed(1000, thing('a', 500), thing('b', 600))
  listed(10, thing('a', 8))
  start()
  await told('+a@500', '+b@600', 'synced')
  first.send(type, object)
  await told('+a@500', '+b@600', 'synced', '+a@8', '-b', 'synced')
  expect(relists()).toEqual(['the server is back at resourceVersion 9'])
})

test('a watch that says nothing is given up, and taken up where it was', async () => {
  listed(10, thing('a', 5))
  nextWatch().send('MODIFIED', thing('a', 11))
  start({ silenceMs: 40 })
  await told('+a@5', 'synced', '+a@11')
  expect(query(1).get('resourceVersion')).toBe('10')
  expect(relists()).toEqual([])
})

test('a list that stops halfway is given up, and its part of the view is kept', async () => {
  nextWatch().send('ADDED', thing('a', 5))
  listed(10, thing('a', 5), thing('b', 6))
  start({ listSilenceMs: 40 })
  await told('+a@5', '+b@6', 'synced')
})

test('a server that closes at once is asked with growing pauses', async () => {
  const first = listed(10)
  for (let i = 0; i < 3; i++) server.next((_request, response) => response.writeHead(200).end())
  start({ firstRetryMs: 8, lastRetryMs: 1000, random: () => 1 })
  await told('synced')
  first.end()
  await waitFor('asked', () => recorder.events.filter(({ type }) => type === 'disconnected').length >= 2, {
    intervalMs: 5,
  })
  const waits = recorder.events.flatMap((event) => (event.type === 'disconnected' ? [event.retryInMs] : []))
  expect(waits.slice(0, 2)).toEqual([16, 32])
})

test('a resource that is not served is waited for', async () => {
  server.next(answer(404, '404 page not found\n'), answer(404, '404 page not found\n'))
  listed(10, thing('a', 5))
  start()
  await told('+a@5', 'synced')
  expect(recorder.events.map(({ type }) => type)).toEqual(['absent', 'absent', 'connected'])
})

test('a refusal says why, and is tried again', async () => {
  server.next(answer(403, status(403, 'Forbidden', 'things.ex.io is forbidden: User "x" cannot watch resource')))
  listed(10, thing('a', 5))
  start()
  await told('+a@5', 'synced')
  expect(recorder.events[0]).toMatchObject({ type: 'disconnected', error: { status: 403, reason: 'Forbidden' } })
})

test('restart hands everything over again, even in the middle of a list', async () => {
  nextWatch().send('ADDED', thing('a', 5))
  const second = listed(10, thing('a', 5), thing('b', 6))
  listed(12, thing('b', 6), thing('c', 12))
  recorder.repeats = true
  start()
  await waitFor('the list began', () => recorder.told.length === 1, { intervalMs: 5 })
  watch.restart()
  await told('+a@5', '+a@5', '+b@6', 'synced')
  expect(second.opened).toBe(true)
  watch.restart()
  await told('+a@5', '+a@5', '+b@6', 'synced', '+b@6', '+c@12', '-a', 'synced')
})

test('restart during a pause does not wait for its end', async () => {
  server.next(answer(500, status(500, 'InternalError', 'broken')))
  listed(10, thing('a', 5))
  start({ firstRetryMs: 600_000, lastRetryMs: 600_000 })
  await waitFor('the pause', () => recorder.has('disconnected'), { intervalMs: 5 })
  watch.restart()
  await told('+a@5', 'synced')
})

test.each(['sync', 'async'])('what a handler refuses (%s) comes again', async (how) => {
  listed(10, thing('a', 5), thing('b', 6))
  listed(10, thing('a', 5), thing('b', 6))
  let failing = true
  const upsert = (object: WatchedObject) => {
    if (object.metadata.name === 'b' && failing) {
      failing = false
      if (how === 'async') return Promise.reject(new Error('the bus is full'))
      throw new Error('the bus is full')
    }
    return recorder.upsert(object) as undefined
  }
  start({}, { upsert: upsert as unknown as Recorder['upsert'] })
  await told('+a@5', '+b@6', 'synced')
})

test('handlers run one after another, and a slow one is no silence', async () => {
  const release: (() => void)[] = []
  listed(10, thing('a', 5), thing('b', 6))
  const upsert = async (object: WatchedObject) => {
    await new Promise<void>((resolve) => release.push(resolve))
    recorder.upsert(object)
  }
  start({ silenceMs: 30, listSilenceMs: 30 }, { upsert: upsert as unknown as Recorder['upsert'] })
  await waitFor('the first', () => release.length === 1, { intervalMs: 5 })
  // Three times the silence that would end it.
  const before = performance.now()
  await waitFor('time', () => performance.now() - before > 90, { intervalMs: 10 })
  expect([release.length, server.requests.length]).toEqual([1, 1])
  release[0]?.()
  await waitFor('the second', () => release.length === 2, { intervalMs: 5 })
  release[1]?.()
  await told('+a@5', '+b@6', 'synced')
})

test('objects of one name in two logical clusters are two', async () => {
  const inCluster = (cluster: string, version = 5) => {
    const { metadata, ...rest } = thing('a', version, `uid-in-${cluster}`)
    return { ...rest, metadata: { ...metadata, annotations: { 'kcp.io/cluster': cluster } } }
  }
  const live = listed(10, inCluster('one'), inCluster('two'))
  const gone: unknown[] = []
  start(
    { clusterOf: ({ metadata }) => metadata.annotations?.['kcp.io/cluster'] ?? '' },
    {
      upsert: (() => undefined) as unknown as Recorder['upsert'],
      delete: ((each: unknown) => void gone.push(each)) as unknown as Recorder['delete'],
    },
  )
  await waitFor('synced', () => recorder.syncs === 1, { intervalMs: 5 })
  expect([...watch.known.keys()]).toEqual(['one/default/a', 'two/default/a'])
  live.send('DELETED', inCluster('one', 11))
  await waitFor('gone', () => gone.length === 1, { intervalMs: 5 })
  expect(gone).toEqual([{ cluster: 'one', namespace: 'default', name: 'a', uid: 'uid-in-one' }])
})

test.each<{ what: string; meanwhile: Parameters<ScriptedServer['next']>[0]; why: string }>([
  {
    what: 'what was forbidden is listed anew when it is allowed again: other objects may stand there',
    meanwhile: answer(403, status(403, 'Forbidden', 'access denied')),
    why: 'it was forbidden',
  },
  {
    what: 'a server that was away is listed anew when it is back',
    meanwhile: (request) => request.socket.destroy(),
    why: 'the server was away',
  },
])('$what', async ({ meanwhile, why }) => {
  const first = listed(10, thing('a', 5))
  server.next(meanwhile)
  listed(10, thing('b', 6))
  start()
  await told('+a@5', 'synced')
  first.cut()
  await told('+a@5', 'synced', '+b@6', '-a', 'synced')
  expect(relists()).toEqual([why])
})

test('it ends with its signal and calls no handler afterwards', async () => {
  const live = listed(10, thing('a', 5))
  start()
  await told('+a@5', 'synced')
  stop.abort()
  await watch.ended
  live.send('ADDED', thing('b', 11))
  await requested(1)
  expect(recorder.told).toEqual(['+a@5', 'synced'])
})

test('integers of 64 bits come as they stand', async () => {
  const seen: unknown[] = []
  const live = listed(10)
  start({}, { upsert: (object) => void seen.push((object as WatchedObject & { spec?: unknown }).spec) })
  await waitFor('synced', () => recorder.syncs > 0, { intervalMs: 5 })
  const { metadata } = thing('a', 11)
  live.raw(`{"type":"ADDED","object":{"metadata":${JSON.stringify(metadata)},"spec":{"v":9007199254740993}}}\n`)
  await waitFor('the event', () => seen.length > 0, { intervalMs: 5 })
  expect(seen).toEqual([{ v: 9007199254740993n }])
})
