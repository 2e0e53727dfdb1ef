import { type AssignmentCopy, Migration, type OfferRef, OfferUsage } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { Logger } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { assignment, migration, platformOf, viewOf } from '../fixtures.ts'
import { Capacity } from './capacity.ts'

const quiet = { info: () => undefined, warn: () => undefined } as unknown as Logger

const small: OfferRef = { providerCluster: 'alpha', name: 'small' }
const large: OfferRef = { providerCluster: 'beta', name: 'large' }
const KEYS = Array.from('0123456789ab', (digit) => digit.repeat(32))
const A = KEYS[0] as string

type Platform = ReturnType<typeof platformOf>

/** One replica's word on places, on a platform that it shares with others. */
const replica = (platform: Platform, places: number, freed: () => void = () => undefined, now = () => 0) =>
  new Capacity({ coordination: platform.client, capacityOf: () => places, freed, now, logger: quiet })

const claimants = ({ held }: Platform, offer: OfferRef): string[] =>
  [...held.values()]
    .filter(({ kind }) => kind === OfferUsage.kind)
    .map((object) => OfferUsage.of(object).spec)
    .filter((spec) => spec.providerCluster === offer.providerCluster && spec.acceptAPIName === offer.name)
    .flatMap(({ claims = {} }) => Object.keys(claims))

/** As the API server has the Assignment of a key. */
const named = (key: string, of = assignment()): KubeObject => {
  const object = of.object as KubeObject
  return { ...object, metadata: { ...object.metadata, name: `assignment-${key}` } }
}

test('of twelve objects that two replicas place at once, exactly as many are placed as there are places', async () => {
  const platform = platformOf()
  const replicas = [replica(platform, 3), replica(platform, 3)]
  const granted = await Promise.all(KEYS.map((key, i) => replicas[i % 2]?.claim(key, `uid-${key}`, small)))
  expect(granted.filter((has) => has === true)).toHaveLength(3)
  expect(claimants(platform, small)).toHaveLength(3)
})

test('a replica that has just started counts what was placed before it', async () => {
  const platform = platformOf()
  for (const key of KEYS.slice(0, 3)) await replica(platform, 3).claim(key, 'u', small)
  const restarted = replica(platform, 3)
  expect(await restarted.claim(KEYS[3] as string, 'u', small)).toBe(false)
  expect(restarted.usageBy(KEYS[3] as string)(small)).toBe(3)
  expect(restarted.usageBy(A)(small)).toBe(2)
  expect(await restarted.claim(A, 'u', small)).toBe(true)
})

test('an offer without a capacity costs no write', async () => {
  const platform = platformOf()
  expect(await replica(platform, Number.POSITIVE_INFINITY).claim(A, 'u', small)).toBe(true)
  await replica(platform, Number.POSITIVE_INFINITY).settle(A, viewOf({ assignment: assignment() }))
  expect(platform.held.size).toBe(0)
})

test('the place of an object that is gone is free again, and whoever waits is told', async () => {
  const platform = platformOf()
  const told: string[] = []
  const capacity = replica(platform, 1, () => told.push('freed'))
  await capacity.claim(A, 'uid-a', small)
  await capacity.settle(A, viewOf({ assignment: assignment() }))
  await capacity.settle(A, viewOf({ assignment: { name: 'assignment-a', object: null } }))
  expect(claimants(platform, small)).toEqual([])
  expect(told).toEqual(['freed'])
})

test('a place is not given away while the Assignment that it was taken for may be on its way', async () => {
  const platform = platformOf()
  await replica(platform, 1).claim(A, 'u', small) // and stands still
  let now = 0
  const owner = replica(platform, 1, undefined, () => now)
  const look = async () => {
    await owner.settle(A, viewOf({}))
    return owner.isUnsettled(A, viewOf({}))
  }
  await owner.claim(A, 'u', small) // the ledger is read
  expect(await look()).toBe(true)
  now = 14_999
  expect(await look()).toBe(true)
  expect(await owner.claim(KEYS[1] as string, 'v', small)).toBe(false)
  now = 15_000
  expect(await look()).toBe(false)
  expect(await owner.claim(KEYS[1] as string, 'v', small)).toBe(true)
})

test('the place of the next life of an object is not given away because that of the last one was used', async () => {
  const platform = platformOf()
  const capacity = replica(platform, 1)
  await capacity.claim(A, 'uid-a', small)
  await capacity.settle(A, viewOf({ assignment: assignment() }))
  await capacity.claim(A, 'the next', small)
  await capacity.settle(A, viewOf({ assignment: { name: 'assignment-a', object: null } }))
  expect(claimants(platform, small)).toEqual([A])
})

test('a place that is asked for again is not given back by a request that is on its way', async () => {
  const platform = platformOf()
  const [owner, former] = [replica(platform, 1), replica(platform, 1)]
  await former.claim(A, 'uid-a', small)
  await former.settle(A, viewOf({ assignment: assignment() }))
  const { mergePatch } = platform.client
  const late = async (...request: Parameters<typeof mergePatch>) => {
    platform.client.mergePatch = mergePatch
    await owner.claim(A, 'uid-a', small)
    return await mergePatch(...request)
  }
  platform.client.mergePatch = late as typeof mergePatch
  await former.settle(A, viewOf({ assignment: { name: 'assignment-a', object: null } }))
  expect(claimants(platform, small)).toEqual([A])
})

test('a place is not given away because a replica has not heard of the Assignment that has it', async () => {
  const platform = platformOf(named(A))
  const capacity = replica(platform, 1)
  await capacity.claim(A, 'u', small)
  await capacity.settle(A, viewOf({}))
  expect(claimants(platform, small)).toEqual([A])
})

test('a place that an Assignment has and nobody wrote down is written down', async () => {
  const platform = platformOf(named(A))
  const capacity = replica(platform, 1)
  await capacity.settle(A, viewOf({ assignment: assignment() }))
  expect(claimants(platform, small)).toEqual([A])
  expect(await capacity.claim(KEYS[1] as string, 'u', small)).toBe(false)
})

test('a copy that is kept has its place until it is gone, and the object may go back there as long', async () => {
  const copies = [
    { providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing', keptUntil: '2026-01-01T02:00:00Z' },
  ]
  const object = named(A, assignment({ at: 'beta', offer: 'large', copies: copies as AssignmentCopy[] }))
  const platform = platformOf(object)
  const capacity = replica(platform, 1)
  await capacity.claim(A, 'uid-a', small)
  expect(await capacity.claim(KEYS[1] as string, 'uid-b', small)).toBe(false)
  expect(await capacity.claim(A, 'uid-a', small)).toBe(true)
  await capacity.settle(A, viewOf({ assignment: { name: object.metadata.name, object } }))
  const left = platform.put(named(A, assignment({ at: 'beta', offer: 'large' })))
  await capacity.settle(A, viewOf({ assignment: { name: left.metadata.name, object: left } }))
  expect(await capacity.claim(KEYS[1] as string, 'uid-b', small)).toBe(true)
})

test('an object that moves has a place at both ends until the move has ended, and then at one', async () => {
  const object = named(A)
  const [running, ended] = [undefined, 'Failed' as const].map((state) => {
    const { name, object: move } = migration({ of: object.metadata.name, ...(state === undefined ? {} : { state }) })
    return { name, object: move as KubeObject }
  }) as [{ name: string; object: KubeObject }, { name: string; object: KubeObject }]
  const platform = platformOf(object, running.object)
  const capacity = replica(platform, 1)
  const around = (move: { name: string; object: KubeObject }) =>
    viewOf({ assignment: { name: object.metadata.name, object }, 'migration/m': move })
  await capacity.settle(A, around(running))
  expect([claimants(platform, small), claimants(platform, large)]).toEqual([[A], [A]])
  platform.put(ended.object)
  await capacity.settle(A, around(ended))
  expect([claimants(platform, small), claimants(platform, large)]).toEqual([[A], []])
})

test.each([
  { of: 'another object', assignment: `assignment-${KEYS[1]}`, left: [] },
  { of: 'the same object', assignment: `assignment-${A}`, left: [A] },
])(
  'a place is given back though nobody can read a Migration of $of, unless that may need it',
  async ({ assignment: name, left }) => {
    const { apiVersion, kind } = Migration
    const unreadable = {
      apiVersion,
      kind,
      metadata: { name: 'later', uid: 'u', resourceVersion: '1' },
      spec: { assignment: name },
    }
    const platform = platformOf(unreadable)
    const capacity = replica(platform, 1)
    await capacity.claim(A, 'uid-a', small)
    await capacity.settle(A, viewOf({ assignment: assignment() }))
    await capacity.settle(A, viewOf({ assignment: { name: 'assignment-a', object: null } }))
    expect(claimants(platform, small)).toEqual(left)
  },
)
