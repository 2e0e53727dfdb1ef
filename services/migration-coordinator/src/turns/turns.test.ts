import { Migration, MigrationUsage, migrationUsageName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type KubeClient, KubeError } from '@resource-broker/kube'
import type { Logger } from '@resource-broker/service'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { configuration, migration, Platform, provider, providerWith } from './fixtures.ts'
import type { MoveLimits } from './limits.ts'
import { readRules } from './moves.ts'
import { Turns } from './turns.ts'

const quiet = { info: () => undefined, warn: () => undefined } as unknown as Logger

let stop: AbortController
beforeEach(() => {
  stop = new AbortController()
})
afterEach(() => stop.abort())

/** One replica on a platform that it shares with others; `woken` has the keys that it was told to look at again. */
function replica(
  platform: Pick<Platform, 'client' | 'held'>,
  { withoutApproval, ...limits }: MoveLimits & { withoutApproval?: number },
  now: () => number = () => 0,
) {
  const woken: string[] = []
  const wake = (key: string) => void woken.push(key)
  const turns = new Turns({
    coordination: platform.client,
    limits,
    withoutApproval,
    wake,
    now,
    logger: quiet,
    signal: stop.signal,
  })
  const moveOf = (name: string) => Migration.of(platform.held.get(name) as KubeObject)
  const ask = async (name: string, owned = stop.signal) => {
    const object = platform.held.get('c')
    const rules = object && readRules(object)
    return await turns.ask({ key: `key-of-${name}`, migration: moveOf(name), consumer: 'acme', rules, owned })
  }
  return { turns, woken, ask, settle: async (name: string) => await turns.settle(moveOf(name)) }
}

const claimants = ({ held }: Platform): string[] => {
  const usage = held.get(migrationUsageName)
  return usage === undefined ? [] : Object.keys(MigrationUsage.of(usage).spec.claims ?? {}).sort()
}
const minute = (i: number) => String(10 + i)

function ended(platform: Platform, name: string): void {
  platform.put({ ...(platform.held.get(name) as KubeObject), status: { state: 'CutoverCompleted' } })
}

test('of twelve moves that two replicas begin at once, the oldest as many as may run begin', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `m${minute(i)}`)
  const platform = new Platform(...names.map((name, i) => migration(name, { since: minute(i) })))
  const replicas = [replica(platform, { total: 3 }), replica(platform, { total: 3 })]
  const waits = await Promise.all(names.map((name, i) => replicas[i % 2]?.ask(name)))
  expect(names.filter((_, i) => waits[i] === undefined)).toEqual(names.slice(0, 3))
  expect(claimants(platform)).toEqual(names.slice(0, 3))
  expect(waits[5]).toEqual({ reason: 'WaitsForTurn', message: 'waits for its turn: 3 moves may run at once' })
})

test('a move that no limit is for costs no request', async () => {
  const platform = new Platform(migration('m'))
  expect(await replica(platform, {}).ask('m')).toBeUndefined()
  expect(platform.requests).toEqual([])
})

test('a place costs one write, and one that waits none', async () => {
  const platform = new Platform(migration('a'), migration('b'))
  const { ask } = replica(platform, { total: 1 })
  await ask('a')
  await ask('b')
  expect(platform.requests).toEqual([`POST ${migrationUsageName}`])
})

test('who has a place keeps it, whoever asks for it', async () => {
  const platform = new Platform(migration('a'))
  await replica(platform, { total: 1 }).ask('a')
  expect(await replica(platform, { total: 1 }).ask('a')).toBeUndefined()
  expect(claimants(platform)).toEqual(['a'])
})

test('when a move ends the next one is looked at, and no other', async () => {
  const platform = new Platform(migration('a'), migration('b', { since: '01' }), migration('c', { since: '02' }))
  const { ask, settle, woken } = replica(platform, { total: 1 })
  for (const name of ['a', 'b', 'c']) await ask(name)
  ended(platform, 'a')
  await settle('a')
  await vi.waitFor(() => expect(woken).toEqual(['key-of-b']))
  expect(claimants(platform)).toEqual([])
  expect(await ask('c')).toMatchObject({ reason: 'WaitsForTurn' })
  expect(await ask('b')).toBeUndefined()
})

test('a place that nobody gave back is free once its move has ended', async () => {
  const platform = new Platform(migration('a'), migration('b'))
  await replica(platform, { total: 1 }).ask('a')
  const next = replica(platform, { total: 1 })
  expect(await next.ask('b')).toMatchObject({ reason: 'WaitsForTurn' })
  ended(platform, 'a')
  await vi.waitFor(() => expect(next.woken).toEqual(['key-of-b']))
  expect(await next.ask('b')).toBeUndefined()
  expect(claimants(platform)).toEqual(['b'])
})

test('a place that nobody gave back is free once its Migration is gone, also if nobody saw it go', async () => {
  const platform = new Platform(migration('a'), migration('b'))
  await replica(platform, { total: 1 }).ask('a')
  platform.remove('a')
  expect(await replica(platform, { total: 1 }).ask('b')).toBeUndefined()
  expect(claimants(platform)).toEqual(['b'])
})

test('moves that began before there was a limit count', async () => {
  const platform = new Platform(migration('a', { state: 'CutoverInProgress' }), migration('b'))
  const { ask, woken } = replica(platform, { total: 1 })
  expect(await ask('b')).toMatchObject({ reason: 'WaitsForTurn' })
  ended(platform, 'a')
  await vi.waitFor(() => expect(woken).toEqual(['key-of-b']))
  expect(await ask('b')).toBeUndefined()
})

test('a move that is paused or wants an approval has no place, and is looked at again when its configuration changes', async () => {
  const platform = new Platform(migration('a'), configuration({ paused: true, limits: { total: 1 } }))
  const { ask, woken } = replica(platform, {})
  expect(await ask('a')).toMatchObject({ reason: 'Paused' })
  platform.put(configuration({ approval: 'BeforeStart', limits: { total: 1 } }, 2))
  await vi.waitFor(() => expect(woken).toEqual(['key-of-a']))
  expect(await ask('a')).toMatchObject({ reason: 'AwaitingApproval' })
  expect(claimants(platform)).toEqual([])
  platform.put(configuration({ limits: { total: 1 } }, 3))
  await vi.waitFor(() => expect(woken).toEqual(['key-of-a', 'key-of-a']))
  expect(await ask('a')).toBeUndefined()
  expect(claimants(platform)).toEqual(['a'])
})

test('an older move that is held by something else does not hold up a younger one', async () => {
  const platform = new Platform(migration('a', { spec: { paused: true } }), migration('b', { since: '01' }))
  expect(await replica(platform, { total: 1 }).ask('b')).toBeUndefined()
})

test('a limit that is raised lets the next one begin', async () => {
  const platform = new Platform(
    migration('a'),
    migration('b', { since: '01' }),
    configuration({ limits: { total: 1 } }),
  )
  const { ask, woken } = replica(platform, {})
  expect(await ask('a')).toBeUndefined()
  expect(await ask('b')).toMatchObject({ message: 'waits for its turn: 1 move of configuration c may run at once' })
  platform.put(configuration({ limits: { total: 2 } }, 2))
  await vi.waitFor(() => expect(woken).toContain('key-of-b'))
  expect(await ask('b')).toBeUndefined()
})

test('the place of a move that does not begin is kept for as long as a request may be on its way, and no longer', async () => {
  let time = 0
  const platform = new Platform(migration('a'))
  const { ask, settle } = replica(platform, { total: 1 }, () => time)
  await ask('a')
  expect(await settle('a')).toBe(15_000)
  time = 14_000
  expect(await settle('a')).toBe(1_000)
  expect(claimants(platform)).toEqual(['a'])
  time = 15_000
  expect(await settle('a')).toBe(Number.POSITIVE_INFINITY)
  expect(claimants(platform)).toEqual([])
})

test('the place of a Migration is not given back with that of an earlier one of its name', async () => {
  const platform = new Platform(migration('a'))
  const { ask, turns } = replica(platform, { total: 1 })
  await ask('a')
  ended(platform, 'a')
  const former = Migration.of(platform.held.get('a') as KubeObject)
  const next = migration('a')
  platform.put({ ...next, metadata: { ...next.metadata, uid: 'uid-next' } })
  const usage = platform.held.get(migrationUsageName) as KubeObject
  const claims = { a: { ...MigrationUsage.of(usage).spec.claims?.['a'], uid: 'uid-next' } }
  const metadata = { ...usage.metadata, resourceVersion: '999' }
  platform.held.set(migrationUsageName, { ...usage, metadata, spec: { claims } }) // no watch has told yet
  await turns.settle(former)
  expect(claimants(platform)).toEqual(['a'])
})

const cause = { providerCluster: 'alpha', acceptAPIName: 'small', generation: 4 }
const caused = { spec: { cause } }
const begunBy = ({ held }: Platform): unknown =>
  MigrationUsage.of(held.get(migrationUsageName) as KubeObject).spec.causes?.['alpha/small/4']?.begun

test('of twelve moves that the change of one offer causes at two replicas, as many begin as may without an approval, the others once it is there', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `m${minute(i)}`)
  const platform = new Platform(
    provider('alpha'),
    ...names.map((name, i) => migration(name, { since: minute(i), ...caused })),
  )
  const replicas = [replica(platform, { withoutApproval: 3 }), replica(platform, { withoutApproval: 3 })]
  const askAll = () => Promise.all(names.map((name, i) => replicas[i % 2]?.ask(name)))
  const waits = await askAll()
  expect(names.filter((_, i) => waits[i] === undefined)).toEqual(names.slice(0, 3))
  expect(waits[5]?.reason).toBe('AwaitingApproval')
  for (const name of names.slice(0, 3)) ended(platform, name)
  await Promise.all(names.slice(0, 3).map((name, i) => replicas[i % 2]?.settle(name)))
  expect(await replica(platform, { withoutApproval: 3 }).ask(names[3] as string)).toMatchObject({
    reason: 'AwaitingApproval',
  })
  expect(begunBy(platform)).toBe(3)
  platform.put(provider('alpha', { small: 4 }, 2))
  await vi.waitFor(() => expect(replicas.flatMap(({ woken }) => woken)).toHaveLength(9))
  expect((await askAll()).slice(3)).toEqual(names.slice(3).map(() => undefined))
})

test('one Event at the Provider counts the moves that wait for an approval, however many tell of them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const names = ['a', 'b', 'c', 'd']
  const platform = new Platform(provider('alpha'), ...names.map((name) => migration(name, caused)))
  const replicas = [replica(platform, { withoutApproval: 1 }), replica(platform, { withoutApproval: 1 })]
  await Promise.all(names.map((name, i) => replicas[i % 2]?.ask(name)))
  await vi.advanceTimersByTimeAsync(1_000)
  platform.put(migration('e', caused))
  await replicas[0]?.ask('e')
  await vi.advanceTimersByTimeAsync(1_000)
  vi.useRealTimers()
  const events = [...platform.held.values()].filter(({ kind }) => kind === 'Event')
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({ count: 5, involvedObject: { kind: 'Provider', name: 'alpha' } })
  expect(events[0]?.['message']).toContain('has 5 objects move; 4 of them wait for an approval')
})

test('a move that no offer causes costs no request where moves without approval are limited', async () => {
  const platform = new Platform(migration('m'))
  expect(await replica(platform, { withoutApproval: 0 }).ask('m')).toBeUndefined()
  expect(platform.requests).toEqual([])
})

test('a move that the change of an offer causes costs no request where they are not limited, and one write where they are', async () => {
  const platform = new Platform(migration('a', caused), migration('b', { since: '01', ...caused }))
  expect(await replica(platform, {}).ask('a')).toBeUndefined()
  expect(platform.requests).toEqual([])
  const { ask } = replica(platform, { withoutApproval: 1 })
  await ask('a')
  await ask('b')
  expect(platform.requests).toEqual([`POST ${migrationUsageName}`])
})

test('a person lets one move go by agreeing with it, and the brake does not count it', async () => {
  const approvals = [{ stage: 'start', by: 'ann' }]
  const platform = new Platform(migration('a', { spec: { cause, approvals } }), migration('b', caused))
  const { ask } = replica(platform, { withoutApproval: 0 })
  expect(await ask('a')).toBeUndefined()
  expect(await ask('b')).toMatchObject({ reason: 'AwaitingApproval' })
})

test('moves that wait for an approval hold up no other, and limits count beside the brake', async () => {
  const platform = new Platform(
    migration('a', caused),
    migration('b', { since: '01' }),
    migration('c', { since: '02' }),
  )
  const { ask } = replica(platform, { withoutApproval: 0, total: 1 })
  expect(await ask('a')).toMatchObject({ reason: 'AwaitingApproval' })
  expect(await ask('b')).toBeUndefined()
  expect(await ask('c')).toMatchObject({ reason: 'WaitsForTurn' })
})

test('a move that did not begin, though it might have, leaves its place under the brake to another', async () => {
  let time = 0
  const platform = new Platform(migration('a', caused), migration('b', { since: '01', ...caused }))
  const { ask, settle } = replica(platform, { withoutApproval: 1 }, () => time)
  await ask('a')
  await settle('a')
  time = 15_000
  await settle('a')
  expect(begunBy(platform)).toBe(0)
})

test('where the platform does not serve the record of who runs, a move that a limit is for waits and says so', async () => {
  const platform = new Platform(migration('a'))
  const client = platform.client
  const { watch } = client
  const absent: Partial<KubeClient> = {
    ...client,
    watch: async (ref, query, options) => {
      if (ref.resource === MigrationUsage.plural) throw new KubeError(404, { reason: 'NotFound' })
      return await watch(ref, query, options)
    },
  }
  const turns = new Turns({
    ...{
      coordination: absent as KubeClient,
      limits: { total: 1 },
      wake: () => undefined,
      now: () => 0,
    },
    logger: quiet,
    signal: stop.signal,
  })
  const asking = {
    key: 'k',
    migration: Migration.of(platform.held.get('a') as KubeObject),
    consumer: 'acme',
    rules: undefined,
    owned: stop.signal,
  }
  expect(await turns.ask(asking)).toEqual({
    reason: 'LimitsUnknown',
    message:
      'waits until its turn is known: the platform does not serve MigrationUsages: apply the CRDs of this version',
  })
})

const drainOf = (name: string, since: string, from = 'alpha') => migration(name, { since, from, spec: { drain: true } })

test('of a drain as many moves begin as its Provider says, over replicas, and the next when one has ended', async () => {
  const names = ['a', 'b', 'c', 'd']
  const moves = names.map((name, i) => drainOf(name, minute(i)))
  const alpha = providerWith('alpha', { drain: { maxConcurrent: 2 } })
  const platform = new Platform(alpha, ...moves, drainOf('other', '30', 'gamma'), providerWith('gamma', { drain: {} }))
  const replicas = [replica(platform, {}), replica(platform, {})]
  const waits = await Promise.all(names.map((name, i) => replicas[i % 2]?.ask(name)))
  const message = 'waits for its turn: 2 moves of the drain of provider alpha may run at once'
  const waiting = { reason: 'WaitsForTurn', message }
  expect(waits).toEqual([undefined, undefined, waiting, waiting])
  expect(claimants(platform)).toEqual(['a', 'b'])
  expect(await replicas[0]?.ask('other')).toBeUndefined()
  ended(platform, 'a')
  await vi.waitFor(() => expect(replicas[0]?.woken).toContain('key-of-c'))
  expect(await replicas[0]?.ask('c')).toBeUndefined()
  expect(await replicas[1]?.ask('d')).toEqual(waiting)
  expect(claimants(platform)).toEqual(['b', 'c'])
})

test('when a drain is taken back none of its moves begins any more, and others from there do', async () => {
  const platform = new Platform(
    providerWith('alpha', { drain: { maxConcurrent: 1 } }),
    ...[drainOf('a', '10'), drainOf('b', '11'), migration('own', { since: '12' })],
  )
  const { ask, woken } = replica(platform, {})
  expect(await ask('a')).toBeUndefined()
  expect(await ask('b')).toMatchObject({ reason: 'WaitsForTurn' })
  platform.put(providerWith('alpha', {}, 2))
  await vi.waitFor(() => expect(woken).toContain('key-of-b'))
  ended(platform, 'a')
  expect(await ask('b')).toEqual({
    reason: 'WaitsForTurn',
    message: 'is about to be taken back: provider alpha is not drained any more',
  })
  expect(await ask('own')).toBeUndefined()
})

test('a Provider that nobody can read holds up the moves of its own drain, and no other', async () => {
  const unreadable = providerWith('alpha', { drain: { maxConcurrent: 'many' } })
  const platform = new Platform(unreadable, drainOf('a', '10'), migration('b', { since: '11', from: 'gamma' }))
  const { ask } = replica(platform, { total: 1, withoutApproval: 1 })
  expect(await ask('a')).toMatchObject({ reason: 'WaitsForTurn' })
  expect(await ask('b')).toBeUndefined()
})

test('a drain without a limit of its own waits for nobody and writes nothing, and the brake on changes of offers does not hold it', async () => {
  const platform = new Platform(providerWith('alpha', { drain: {} }), drainOf('a', '10'), drainOf('b', '11'))
  const { ask } = replica(platform, { withoutApproval: 0 })
  expect([await ask('a'), await ask('b')]).toEqual([undefined, undefined])
  expect(platform.requests).toEqual([])
})

test('a move whose turn was not known is looked at again once it is', async () => {
  const platform = new Platform(migration('a'))
  const { client, held } = platform
  let isAway = true
  const wavering: Partial<KubeClient> = {
    ...client,
    watch: async (ref, query, options) => {
      if (isAway && ref.resource === MigrationUsage.plural) throw new KubeError(500, { message: 'initializing' })
      return await client.watch(ref, query, options)
    },
  }
  const { ask, woken } = replica({ client: wavering as KubeClient, held }, { total: 1 })
  const wait = await ask('a')
  expect(wait).toMatchObject({ reason: 'LimitsUnknown' })
  const ready = { type: 'Ready', status: 'False', ...wait, lastTransitionTime: '2026-01-01T00:00:00Z' }
  platform.put({ ...(held.get('a') as KubeObject), status: { state: 'Pending', conditions: [ready] } })
  isAway = false
  await vi.waitFor(() => expect(woken).toEqual(['key-of-a']))
  expect(await ask('a')).toBeUndefined()
})

test('moves whose objects another replica has by now are no longer among those that wait here', async () => {
  const platform = new Platform(migration('a'), migration('b', { since: '01' }), migration('c', { since: '02' }))
  const { ask, turns } = replica(platform, { total: 1 })
  const [here, there] = [new AbortController(), new AbortController()]
  await ask('a')
  await ask('b', here.signal)
  await ask('c', there.signal)
  here.abort()
  expect(['b', 'c'].map((name) => turns.isHeld(name))).toEqual([false, true])
})
