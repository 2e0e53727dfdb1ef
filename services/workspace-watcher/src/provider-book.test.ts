import { Provider, providerName } from '@resource-broker/api'
import { KubeError } from '@resource-broker/kube'
import type { Clusters, Presence, View } from '@resource-broker/service'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProviderBook } from './provider-book.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const CONNECTED: Presence = { state: 'connected' }
const AWAY: Presence = {
  ...{ state: 'away', since: new Date(0), reason: 'NotConnected' },
  why: 'provider alpha is not connected',
}

/** By the clock of the platform, which is not that of this process. */
const PLATFORM = '2001-02-03T04:05:06Z'

/** A book over one provider `alpha`, which is this replica's to keep unless `mine` says otherwise. */
function bookOf({
  mine = true,
  record,
  knowsTime = true,
}: {
  mine?: boolean
  record?: Provider
  knowsTime?: boolean
} = {}) {
  const writes: unknown[] = []
  const warnings: unknown[] = []
  const state = { presence: CONNECTED as Presence, record, refusal: undefined as Error | undefined }
  const ofPresence: ((name: string) => void)[] = []
  const ofRecord: ((name: string) => void)[] = []
  const write = (method: string) => async (_ref: unknown, body: object) => {
    if (state.refusal !== undefined) throw state.refusal
    const made = { ...body, metadata: { ...(body as Provider).metadata, uid: 'u', resourceVersion: '1' } }
    writes.push([method, 'status' in body ? body.status : (body as Provider).spec])
    return made
  }
  const providers = {
    ...{ all: ['alpha'], presence: () => state.presence, uidOf: () => 'uid-alpha', recordOf: () => state.record },
    onPresence: (listener: (name: string) => void) => void ofPresence.push(listener),
    onRecord: (listener: (name: string) => void) => void ofRecord.push(listener),
  }
  const stopping = new AbortController()
  const coordination = {
    ...{ create: write('create'), mergePatch: write('patch'), knowsTime },
    list: async () => Object.assign(coordination, { knowsTime: true }),
    now: () => new Date(coordination.knowsTime ? PLATFORM : 0),
  }
  const book = new ProviderBook({
    coordination: coordination as never,
    providers: providers as unknown as Clusters['providers'],
    logger: { warn: (fields: unknown) => warnings.push(fields) } as never,
    signal: stopping.signal,
    shareOf: (names) => new Set(mine ? names : []),
  })
  const change = (presence: Presence) => {
    state.presence = presence
    for (const listener of ofPresence) listener('alpha')
  }
  const hear = (record: Provider) => {
    state.record = record
    for (const listener of ofRecord) listener('alpha')
  }
  const view = { id: 'offers/alpha', shows: (name: string) => name === 'alpha' } as unknown as View
  return { book, writes, warnings, state, change, hear, view, stopping }
}

const recorded = (status: object = {}): Provider =>
  Provider.of({
    ...{ apiVersion: Provider.apiVersion, kind: Provider.kind, spec: { providerCluster: 'alpha' }, status },
    metadata: { name: providerName('alpha'), uid: 'u', resourceVersion: '1' },
  })

test('a provider that is met for the first time gets a Provider, with its uid', async () => {
  const { book, writes } = bookOf()
  book.review()
  await vi.advanceTimersByTimeAsync(500)
  expect(writes).toEqual([
    ['create', { providerCluster: 'alpha' }],
    ['patch', { clusterUID: 'uid-alpha' }],
  ])
})

test('of several replicas one makes it and says how it is, and each says what it counts', async () => {
  const { book, writes, change, view } = bookOf({ mine: false, record: recorded() })
  change(AWAY)
  const { tally, complete } = book.count('offers', view, new AbortController().signal)
  tally.set('alpha/x', ['alpha'])
  complete()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(writes).toEqual([['patch', { offers: 1 }]])
})

test('a Provider that another replica made meanwhile is left to the watch', async () => {
  const { book, writes, state, warnings } = bookOf()
  state.refusal = new KubeError(409, { reason: 'AlreadyExists', message: 'there already' })
  book.review()
  await vi.advanceTimersByTimeAsync(500)
  expect([writes, warnings]).toEqual([[], []])
})

test('what flickers is written as it is in the end', async () => {
  const { writes, change } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }) })
  change(AWAY)
  await vi.advanceTimersByTimeAsync(300)
  change(CONNECTED)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(writes).toEqual([])
  change(AWAY)
  await vi.advanceTimersByTimeAsync(500)
  const why = { type: 'Reachable', status: 'False', reason: 'NotConnected', message: 'provider alpha is not connected' }
  expect(writes).toMatchObject([['patch', { conditions: [why] }]])
})

test('since when a provider is away is written by the platform’s clock, as other replicas go by it', async () => {
  const { writes, change } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }) })
  change(AWAY)
  await vi.advanceTimersByTimeAsync(500)
  expect(writes).toMatchObject([['patch', { conditions: [{ status: 'False', lastTransitionTime: PLATFORM }] }]])
})

test('who has not heard from the platform yet asks it, before it writes a time', async () => {
  const { writes, change } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }), knowsTime: false })
  change(AWAY)
  await vi.advanceTimersByTimeAsync(500)
  expect(writes).toMatchObject([['patch', { conditions: [{ status: 'False', lastTransitionTime: PLATFORM }] }]])
})

test('a burst of placements is told in one write, and nothing before all that there is was counted', async () => {
  const { book, writes, view } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }) })
  const { tally, complete } = book.count('objects', view, new AbortController().signal)
  for (let n = 0; n < 100; n++) tally.set(`assignment-${n}`, ['alpha'])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(writes).toEqual([])
  complete()
  for (let n = 100; n < 150; n++) tally.set(`assignment-${n}`, ['alpha'])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(writes.at(-1)).toEqual(['patch', { objects: 150 }])
  expect(writes.length).toBeLessThanOrEqual(2)
})

test('objects that come one after another are told every five seconds, though each write changes the record', async () => {
  const { book, writes, hear, view } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }) })
  const { tally, complete } = book.count('objects', view, new AbortController().signal)
  complete()
  for (let n = 0; n < 200; n++) {
    const before = writes.length
    tally.set(`assignment-${n}`, ['alpha'])
    await vi.advanceTimersByTimeAsync(100)
    if (writes.length > before) hear(recorded({ clusterUID: 'uid-alpha', objects: n }))
  }
  expect(writes.length).toBeLessThanOrEqual(5)
})

test('a write that fails is told and made again', async () => {
  const { book, writes, state, warnings } = bookOf({ record: recorded() })
  state.refusal = new Error('no answer')
  book.review()
  await vi.advanceTimersByTimeAsync(500)
  expect(warnings).toMatchObject([{ provider: 'alpha', err: { message: 'no answer' } }])
  state.refusal = undefined
  await vi.advanceTimersByTimeAsync(5_000)
  expect(writes).toEqual([['patch', { clusterUID: 'uid-alpha' }]])
})

test('a watch that cannot connect shows in the condition, in the words of the server', async () => {
  const { book, writes, view } = bookOf({ record: recorded({ clusterUID: 'uid-alpha' }) })
  const report = book.follow(view, new AbortController().signal)
  report({ type: 'disconnected', error: new Error('connect ECONNREFUSED'), retryInMs: 100 })
  await vi.advanceTimersByTimeAsync(500)
  const why = { type: 'Reachable', status: 'False', reason: 'Unreachable', message: 'connect ECONNREFUSED' }
  expect(writes).toMatchObject([['patch', { conditions: [why] }]])
})

test('nothing is written after the stop', async () => {
  const { book, writes } = bookOf()
  book.review()
  book.stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(writes).toEqual([])
})
