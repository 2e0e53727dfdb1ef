import { PassThrough } from 'node:stream'
import { ConsumerQuota, keyOfQuota, keyOfQuotaUsage, QuotaUsage, quotaUsageName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import type { CollectionRef } from '@resource-broker/kube'
import { ClusterNotConnectedError, type Logger } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { assignment, consumerOf, platformOf, ref, source, viewOf } from '../fixtures.ts'
import { type Known, readKnown } from '../known.ts'
import { Quotas } from './quotas.ts'

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger
const KEYS = Array.from('0123456789ab', (digit) => digit.repeat(32))
const [A, B, C] = KEYS as [string, string, string]

function quota(name: string, objects: unknown, spec: object = {}, generation = 1): KubeObject {
  const { apiVersion, kind } = ConsumerQuota
  const metadata = { name, uid: `uid-${name}`, resourceVersion: String(generation), generation }
  return { apiVersion, kind, metadata, spec: { objects, ...spec } }
}

type Platform = ReturnType<typeof platformOf>
type Around = { wake?: (key: string) => void; now?: () => number; describe?: typeof consumerOf }

/** One replica's word on quotas, on a platform that it shares with others; it knows the quotas that are there. */
function replica(
  { held, client }: Platform,
  { wake = () => undefined, now = () => 0, describe = consumerOf }: Around = {},
) {
  const quotas = new Quotas({ coordination: client, describe, changed: () => undefined, wake, now, logger: quiet })
  for (const object of held.values()) if (object.kind === ConsumerQuota.kind) quotas.learn(object)
  return quotas
}

/** An object of acme, made in a second of one minute. */
function object(key: string, second = 0): Known {
  const creationTimestamp = `2026-12-01T00:00:${String(second).padStart(2, '0')}Z`
  const its = source({ name: key.slice(0, 1), uid: `uid-${key}`, ...{ creationTimestamp } })
  const known = readKnown(key, viewOf({ source: { ref, object: its } }), consumerOf)
  return { ...(known as Known), object: { ...(known as Known).object, uid: `uid-${key}` } }
}

/** As the API server has the Assignment of a key. */
function placed(key: string): KubeObject {
  const { object: its } = assignment()
  const { metadata, spec } = its as KubeObject & { spec: object }
  return {
    ...(its as KubeObject),
    metadata: { ...metadata, name: `assignment-${key}` },
    spec: { ...spec, uid: `uid-${key}` },
  }
}

const usageOf = ({ held }: Platform, name: string) => {
  const object = held.get(quotaUsageName({ quota: name, consumer: 'acme' }))
  return object && QuotaUsage.of(object)
}
const claimants = (platform: Platform, name: string) => Object.keys(usageOf(platform, name)?.spec.claims ?? {}).sort()
const waiters = (platform: Platform, name: string) => Object.keys(usageOf(platform, name)?.spec.waiting ?? {}).sort()

const waitingView = (key: string) => viewOf({ source: { ref, object: object(key).source } })
const placedView = (key: string) =>
  viewOf({
    source: { ref, object: object(key).source },
    assignment: { name: `assignment-${key}`, object: placed(key) },
  })
const goneView = (key: string) => viewOf({ assignment: { name: `assignment-${key}`, object: null } })

test('of twelve objects that two replicas place at once, exactly as many enter as the quota says, and the others wait', async () => {
  const platform = platformOf(quota('ten', 10))
  const replicas = [replica(platform), replica(platform)]
  const waits = await Promise.all(KEYS.map((key, i) => replicas[i % 2]?.enter(object(key, i))))
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(10)
  expect(waits.filter((wait) => wait !== undefined)).toMatchObject([
    { reason: 'QuotaExceeded', of: 'ten' },
    { reason: 'QuotaExceeded', of: 'ten' },
  ])
  expect([claimants(platform, 'ten').length, waiters(platform, 'ten').length]).toEqual([10, 2])
  expect(usageOf(platform, 'ten')?.status).toEqual({ claimed: 10, waiting: 2, objects: 10 })
})

test('without a quota that selects the object nobody is asked', async () => {
  const platform = platformOf(quota('others', 0, { consumers: [{ path: 'other' }] }))
  const quotas = replica(platform)
  expect(await quotas.enter(object(A))).toBeUndefined()
  await quotas.settle(A, placedView(A))
  expect(platform.held.size).toBe(1)
  expect(replica(platformOf()).isIdle).toBe(true)
})

test('what was placed before the quota was there stays and counts, before anything is let in', async () => {
  const platform = platformOf(quota('two', 2), placed(A), placed(B))
  const quotas = replica(platform)
  const wait = await quotas.enter(object(C))
  expect(wait?.message).toBe('ConsumerQuota two: 2 of 2 objects of the consumer are placed; 1st of 1 that waits')
  expect(claimants(platform, 'two')).toEqual([A, B])
})

test('so does what it selects since it was changed, and what is over a quota that was lowered', async () => {
  const platform = platformOf(quota('q', 2, { resources: [{ group: 'g', resource: 'others' }] }), placed(A), placed(B))
  const quotas = replica(platform)
  await quotas.settle(A, placedView(A))
  expect(usageOf(platform, 'q')).toBeUndefined()
  quotas.learn(platform.put(quota('q', 1, {}, 2)))
  await quotas.settle(A, placedView(A))
  expect(claimants(platform, 'q')).toEqual([A, B])
  expect((await quotas.enter(object(C)))?.message).toContain('2 of 1 object of the consumer is placed')
  expect(await quotas.enter(object(A))).toBeUndefined()
})

test('a place that comes free is for the oldest, though another asks first', async () => {
  const platform = platformOf(quota('one', 1))
  const quotas = replica(platform)
  await quotas.enter(object(A, 1))
  await quotas.settle(A, placedView(A))
  const [younger, older] = [object(B, 9), object(C, 5)]
  expect((await quotas.enter(younger))?.message).toContain('; 1st of 1 that waits')
  expect((await quotas.enter(older))?.message).toContain('; 1st of 2 that wait')
  expect((await quotas.enter(younger))?.message).toContain('; 2nd of 2 that wait')
  await quotas.settle(A, goneView(A))
  expect(claimants(platform, 'one')).toEqual([])
  expect((await quotas.enter(younger))?.message).toContain(
    '1 of 1 object of the consumer is placed; 2nd of 2 that wait',
  )
  expect(await quotas.enter(older)).toBeUndefined()
  expect((await quotas.enter(younger))?.message).toContain('; 1st of 1 that waits')
})

test('who is next is looked at when a place comes free, and who reads another place in the line', async () => {
  const platform = platformOf(quota('one', 1))
  const woken: string[] = []
  const quotas = replica(platform, { wake: (key) => woken.push(key) })
  await quotas.enter(object(A, 1))
  await quotas.settle(A, placedView(A))
  await quotas.enter(object(B, 2))
  woken.splice(0)
  await quotas.settle(A, goneView(A))
  expect(woken).toEqual([B])
  woken.splice(0)
  await quotas.enter(object(C, 3))
  expect(woken).toEqual([B, C])
})

test('where several quotas select an object all must have room, and what it took at one is given back', async () => {
  const platform = platformOf(quota('a', 2), quota('b', 1))
  const quotas = replica(platform)
  expect(await quotas.enter(object(A, 1))).toBeUndefined()
  expect((await replica(platform).enter(object(B, 2)))?.of).toBe('b')
  expect([claimants(platform, 'a'), claimants(platform, 'b')]).toEqual([[A], [A]])
  expect([waiters(platform, 'a'), waiters(platform, 'b')]).toEqual([[], [B]])
})

test('a replica that knows that one of them is full asks the others for nothing', async () => {
  const platform = platformOf(quota('a', 2), quota('b', 1))
  const quotas = replica(platform)
  await quotas.enter(object(A, 1))
  const before = usageOf(platform, 'a')?.metadata.resourceVersion
  expect((await quotas.enter(object(B, 2)))?.of).toBe('b')
  const first = usageOf(platform, 'b')?.metadata.resourceVersion
  expect((await quotas.enter(object(B, 2)))?.of).toBe('b')
  expect([usageOf(platform, 'a'), usageOf(platform, 'b')].map((its) => its?.metadata.resourceVersion)).toEqual([
    before,
    first,
  ])
})

test('an object waits in one line: in that of the quota that has no room now', async () => {
  const platform = platformOf(quota('a', 1), quota('b', 1))
  const quotas = replica(platform)
  await quotas.enter(object(A, 1))
  expect((await quotas.enter(object(B, 2)))?.of).toBe('a')
  quotas.learn(platform.put(quota('a', 5, {}, 2)))
  expect((await quotas.enter(object(B, 2)))?.of).toBe('b')
  expect([waiters(platform, 'a'), waiters(platform, 'b')]).toEqual([[], [B]])
  await quotas.leave(B)
  expect(waiters(platform, 'b')).toEqual([])
})

test('an object that is gone while it waits leaves the line, and so does one that has its place', async () => {
  const platform = platformOf(quota('one', 1))
  const quotas = replica(platform)
  await quotas.enter(object(A, 1))
  for (const key of [B, C]) await quotas.enter(object(key, 2))
  expect([quotas.isUnsettled(B, waitingView(B)), quotas.isUnsettled(B, viewOf({}))]).toEqual([false, true])
  await quotas.settle(B, viewOf({}))
  expect(waiters(platform, 'one')).toEqual([C])
  platform.put(placed(C))
  await quotas.settle(C, placedView(C))
  expect([claimants(platform, 'one'), waiters(platform, 'one')]).toEqual([[A, C], []])
})

test('what a consumer that is not connected here has in a record is left alone: others may place its objects', async () => {
  const platform = platformOf(quota('one', 1))
  const theirs = replica(platform)
  for (const key of [A, B]) await theirs.enter(object(key, 1))
  const describe = () => {
    throw new ClusterNotConnectedError('acme')
  }
  const { quotas, stop } = await watching(platform, { describe })
  for (const key of [A, B]) {
    expect(quotas.isUnsettled(key, viewOf({}))).toBe(false)
    await quotas.settle(key, viewOf({}))
    expect(quotas.isUnsettled(key, placedView(key))).toBe(false)
  }
  expect([claimants(platform, 'one'), waiters(platform, 'one')]).toEqual([[A], [B]])
  stop.abort()
})

test('whoever was taken out of a line is looked at: it may have business there still', async () => {
  const platform = platformOf(quota('one', 1))
  const woken: string[] = []
  const quotas = replica(platform, { wake: (key) => woken.push(key) })
  for (const key of [A, B]) await quotas.enter(object(key, 1))
  woken.splice(0)
  await quotas.leave(B)
  expect(woken).toEqual([B])
})

test('a place is not given away while the Assignment that it was taken for may be on its way', async () => {
  const platform = platformOf(quota('one', 1))
  await replica(platform).enter(object(A, 1)) // and stands still
  let now = 0
  const owner = replica(platform, { now: () => now })
  await owner.enter(object(B, 2)) // the ledger is read
  const settles = async () => {
    await owner.settle(A, viewOf({}))
    return !owner.isUnsettled(A, viewOf({}))
  }
  expect(await settles()).toBe(false)
  now = 14_999
  expect(await settles()).toBe(false)
  now = 15_000
  expect(await settles()).toBe(true)
  expect(await owner.enter(object(B, 2))).toBeUndefined()
})

test('a quota that is gone lets in at once, whoever has not heard of that yet, and writes nothing down', async () => {
  const platform = platformOf(quota('none', 0))
  const quotas = replica(platform)
  expect((await quotas.enter(object(A)))?.reason).toBe('QuotaExceeded')
  await platform.client.delete({ ...ConsumerQuota.resource, name: 'none' }, {})
  expect(await quotas.enter(object(B))).toBeUndefined()
  expect(claimants(platform, 'none')).toEqual([])
})

test('a quota that cannot be read has what it may select wait, and says why', async () => {
  const platform = platformOf(quota('odd', 'many'))
  const quotas = replica(platform)
  const wait = await quotas.enter(object(A))
  expect(wait?.reason).toBe('Misconfigured')
  expect(wait?.message).toContain('ConsumerQuota odd cannot be evaluated: spec.objects: ')
  await quotas.settle(B, placedView(B))
  expect(usageOf(platform, 'odd')).toBeUndefined()
  quotas.learn(platform.put(quota('odd', 1, {}, 2)))
  expect(await quotas.enter(object(A))).toBeUndefined()
})

test('what consumers have is told, those first that have most', async () => {
  const platform = platformOf(quota('one', 1), placed(A), placed(B))
  const quotas = replica(platform)
  await quotas.enter(object(C))
  const d = object(KEYS[3] as string)
  await quotas.enter({ ...d, object: { ...d.object, consumer: { cluster: 'brook' } } })
  expect(quotas.usedOf('one')).toEqual({
    consumers: 2,
    waiting: 1,
    used: [
      { consumer: 'acme', objects: 2, waiting: 1 },
      { consumer: 'brook', objects: 1, waiting: 0 },
    ],
  })
  expect(quotas.usedOf('other')).toEqual({ consumers: 0, waiting: 0, used: [] })
})

/** A replica that hears of everything by watches: of each kind what was written to its stream. */
async function watching(platform: Platform, around: Around = {}) {
  const streams = new Map([ConsumerQuota, QuotaUsage].map(({ plural }) => [plural as string, new PassThrough()]))
  const write = (plural: string, type: string, of: object) =>
    streams.get(plural)?.write(`${stringifyJson({ type, object: of })}\n`)
  const client = { ...platform.client, watch: async ({ resource }: CollectionRef) => streams.get(resource) }
  const news: PromiseWithResolvers<void>[] = []
  const quotas = new Quotas({
    coordination: client as unknown as Platform['client'],
    ...{ describe: consumerOf, wake: () => undefined, now: () => 0, logger: quiet, ...around },
    changed: () => news.shift()?.resolve(),
  })
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  for (const { kind } of platform.held.values()) expect(kind).toBeTypeOf('string')
  for (const object of platform.held.values()) write(`${object.kind.toLowerCase()}s`, 'ADDED', object)
  for (const plural of streams.keys()) write(plural, 'BOOKMARK', { metadata: { resourceVersion: '1', annotations } })
  const stop = new AbortController()
  const obstacle = quotas.obstacle
  await quotas.start(stop.signal)
  /** Has the watch tell something of a quota, and waits until that was told. */
  const say = async (type: string, of: object) => {
    const next = Promise.withResolvers<void>()
    news.push(next)
    write(ConsumerQuota.plural, type, of)
    await next.promise
  }
  return { quotas, say, stop, obstacle }
}

test('a replica that starts knows who has a place and who waits, and looks at them, at the quotas and at their records', async () => {
  const platform = platformOf(quota('one', 1))
  const former = replica(platform)
  for (const key of [A, B]) await former.enter(object(key, 1))
  const { quotas, stop, obstacle } = await watching(platform)
  expect([obstacle, quotas.obstacle]).toEqual(['the ConsumerQuotas of the platform are not known yet', undefined])
  const usage = quotaUsageName({ quota: 'one', consumer: 'acme' })
  expect([...quotas.keys()].sort()).toEqual([A, B, keyOfQuota('one'), keyOfQuotaUsage(usage)].sort())
  expect(quotas.matterOf(keyOfQuota('one'))).toEqual({ quota: platform.held.get('one') })
  expect([quotas.matterOf(keyOfQuotaUsage(usage)), quotas.matterOf(A)]).toEqual([{ usage }, undefined])
  stop.abort()
})

test('the record of a quota that is gone goes, and not before the platform itself says so', async () => {
  const platform = platformOf(quota('one', 1))
  await replica(platform).enter(object(A, 1))
  const woken: string[] = []
  const { quotas, say, stop } = await watching(platform, { wake: (key) => woken.push(key) })
  const usage = quotaUsageName({ quota: 'one', consumer: 'acme' })
  await quotas.remove(usage)
  expect(usageOf(platform, 'one')).toBeDefined()
  await say('DELETED', quota('one', 1))
  expect(woken).toContain(keyOfQuotaUsage(usage))
  expect(quotas.isUnsettled(A, goneView(A))).toBe(false)
  await quotas.remove(usage)
  expect(usageOf(platform, 'one')).toBeDefined()
  await platform.client.delete({ ...ConsumerQuota.resource, name: 'one' }, {})
  await quotas.remove(usage)
  expect(usageOf(platform, 'one')).toBeUndefined()
  stop.abort()
})

test('so does that of a consumer whom the quota selects no more, and of one that is not connected it stays', async () => {
  const platform = platformOf(quota('one', 1))
  await replica(platform).enter(object(A, 1))
  const usage = quotaUsageName({ quota: 'one', consumer: 'acme' })
  const others = platform.put(quota('one', 1, { consumers: [{ path: 'other' }] }, 2))
  const describe = () => {
    throw new ClusterNotConnectedError('acme')
  }
  const cutOff = await watching(platform, { describe })
  await cutOff.quotas.remove(usage)
  expect(usageOf(platform, 'one')).toBeDefined()
  cutOff.stop.abort()
  const { quotas, stop } = await watching(platform)
  expect(quotas.index.get('one')?.version).toBe(`uid-one/${others.metadata.generation}`)
  await quotas.remove(usage)
  expect(usageOf(platform, 'one')).toBeUndefined()
  stop.abort()
})
