import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metric } from '../support/broker.ts'
import type { Landscape, Site } from '../support/landscape.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  copyAt,
  create,
  gone,
  migrationsOf,
  offer,
  offerCondition,
  read,
  release,
  served,
  thing,
  thingRef,
  told,
  withdraw,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, globex, alpha, beta] = [] as unknown as [Site, Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme', 'globex'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, globex, alpha, beta] = [scene.site('acme'), scene.site('globex'), scene.site('alpha'), scene.site('beta')]
})

afterAll(() => scene?.stop())

/** Each test has offers of its own, for Things of its own size. */
const forSize = (size: string, more: object = {}) => ({ filters: [{ key: 'size', valueIn: [size] }], ...more })

test('an object that nobody accepts says so for each offer, and is placed without a touch once somebody does', async () => {
  await offer(alpha, 'odd', forSize('odd'))
  await offerCondition(alpha, 'odd', 'True', 'Indexed')
  await create(acme, thing('waits', { size: 'even', fqdn: 'app.nowhere.org' }))
  const { message } = await told(acme, 'waits', 'Placed', 'False', 'NoProviderAccepts')
  expect(message).toContain(`${alpha.cluster}/odd: size: valueIn wants one of "odd", got "even"`)
  expect((await read(acme, thingRef('waits')))?.metadata.finalizers).toBeUndefined()
  expect(await assignmentOf(landscape, acme, 'waits')).toBeUndefined()
  await offer(beta, 'even', forSize('even'))
  await served(acme, 'waits', beta)
  expect((await told(acme, 'waits', 'Placed', 'True', 'Placed')).message).toBe(
    `placed at ${beta.cluster} by AcceptAPI even`,
  )
})

test('a boundary tells integers of 64 bits apart that differ by one', async () => {
  const filters = (boundary: object) => ({ filters: [{ key: 'serial', boundary }] })
  await offer(alpha, 'serial-low', filters({ min: 9007199254740990, max: 9007199254740992n }))
  await offer(beta, 'serial-high', filters({ min: 9007199254740993n, max: 9223372036854775807n }))
  await create(acme, thing('serial-2', { serial: 9007199254740992n }))
  await create(acme, thing('serial-3', { serial: 9007199254740993n }))
  await served(acme, 'serial-2', alpha)
  await served(acme, 'serial-3', beta)
})

test('an object that nobody accepts is counted by why, and can be deleted', async () => {
  const series = 'broker_unplaced_objects{service="placement-scheduler",reason="NoProviderAccepts"}'
  const unplaced = () => metric(scene.broker, series)
  const before = await unplaced()
  await create(acme, thing('unwanted', { size: 'unwanted' }))
  await told(acme, 'unwanted', 'Placed', 'False', 'NoProviderAccepts')
  await waitFor('it is counted', async () => (await unplaced()) === before + 1)
  await release(acme, 'unwanted')
  await waitFor('it is counted no more', async () => (await unplaced()) === before)
})

test('several AcceptAPIs of one provider each take what they accept, and a change from one to the other moves nothing', async () => {
  await offer(alpha, 'red', forSize('red'))
  await offer(alpha, 'green', forSize('green'))
  await create(acme, thing('paint', { size: 'red' }))
  await served(acme, 'paint', alpha)
  const uid = (await read(...copyAt(alpha, acme, 'paint')))?.metadata.uid
  await acme.kube.mergePatch(thingRef('paint'), { spec: { size: 'green' } })
  await served(acme, 'paint', alpha)
  expect((await read(...copyAt(alpha, acme, 'paint')))?.metadata.uid).toBe(uid)
  expect((await read(...copyAt(alpha, acme, 'paint')))?.spec).toEqual({ size: 'green' })
  expect(await migrationsOf(landscape, acme, 'paint')).toEqual([])
})

test('the heaviest offer is taken, with equal weights the provider of the lower name, and the record says how they stood', async () => {
  await offer(alpha, 'light', forSize('weighed', { weight: 1 }))
  await offer(beta, 'heavy', forSize('weighed', { weight: 10 }))
  await offer(alpha, 'even-a', forSize('tied', { weight: 5 }))
  await offer(beta, 'even-b', forSize('tied', { weight: 5 }))
  for (const [site, name] of [
    [alpha, 'light'],
    [beta, 'heavy'],
    [alpha, 'even-a'],
    [beta, 'even-b'],
  ] as const) {
    await offerCondition(site, name, 'True', 'Indexed')
  }
  await create(acme, thing('weighed', { size: 'weighed' }))
  await served(acme, 'weighed', beta)
  const { decision } = (await assignmentOf(landscape, acme, 'weighed'))?.status ?? {}
  expect(decision?.candidates.map(({ acceptAPIName, score }) => [acceptAPIName, score])).toEqual([
    ['heavy', 10],
    ['light', 1],
  ])
  await create(acme, thing('tied', { size: 'tied' }))
  await served(acme, 'tied', alpha.cluster < beta.cluster ? alpha : beta)
})

test('a full offer takes no more, even of a burst: the second best has the rest, and room that comes free is used', async () => {
  await offer(alpha, 'narrow', forSize('burst', { weight: 10, capacity: 3 }))
  await offer(beta, 'second', forSize('burst', { weight: 1, capacity: 4 }))
  await offerCondition(alpha, 'narrow', 'True', 'Indexed')
  await offerCondition(beta, 'second', 'True', 'Indexed')
  const names = Array.from({ length: 8 }, (_, i) => `burst-${i}`)
  await Promise.all(names.map((name) => create(acme, thing(name, { size: 'burst' }))))
  const placed = () =>
    Promise.all(names.map(async (name) => (await assignmentOf(landscape, acme, name))?.spec.acceptAPIName))
  await waitFor('seven are placed and one is refused', async () => {
    const told = await Promise.all(
      names.map(async (name) => conditionOf(await read(acme, thingRef(name)), 'Placed')?.status),
    )
    return told.filter((status) => status === 'True').length === 7 && told.includes('False')
  })
  const offers = await placed()
  expect(offers.filter((name) => name === 'narrow')).toHaveLength(3)
  expect(offers.filter((name) => name === 'second')).toHaveLength(4)
  const waiting = names[offers.indexOf(undefined)] as string
  const { message } = await told(acme, waiting, 'Placed', 'False', 'Full')
  expect(message).toContain(`${alpha.cluster}/narrow: capacity wants fewer than 3 objects placed there, got 3`)
  await release(acme, names[offers.indexOf('narrow')] as string)
  await served(acme, waiting, alpha)
})

test('of twelve objects an offer of three takes three, also after a restart, and the next ones as places come free', async () => {
  await offer(alpha, 'three', forSize('twelve', { capacity: 3 }))
  await offerCondition(alpha, 'three', 'True', 'Indexed')
  const names = Array.from({ length: 12 }, (_, i) => `twelve-${i}`)
  await Promise.all(names.map((name) => create(acme, thing(name, { size: 'twelve' }))))
  const placed = async () => {
    const statuses = await Promise.all(
      names.map(async (name) => [name, conditionOf(await read(acme, thingRef(name)), 'Placed')?.status] as const),
    )
    return statuses.every(([, status]) => status !== undefined)
      ? statuses.flatMap(([name, status]) => (status === 'True' ? [name] : []))
      : []
  }
  await waitFor('three are placed and nine are refused', async () => (await placed()).length === 3)
  const first = await placed()
  await scene.restartBroker([])
  await offer(beta, 'echo', forSize('echo'))
  await create(acme, thing('echo', { size: 'echo' }))
  await served(acme, 'echo', beta) // the broker looks at objects again
  expect(await placed()).toEqual(first)
  await Promise.all(first.map((name) => release(acme, name)))
  names.splice(0, names.length, ...names.filter((name) => !first.includes(name)))
  await waitFor('the next three are placed', async () => (await placed()).length === 3)
})

test('an object that stays through another offer of its provider has its place there, and gives the old one back', async () => {
  await offer(alpha, 'ebb', forSize('ebb', { capacity: 1 }))
  await offer(alpha, 'flow', forSize('flow', { capacity: 1 }))
  await create(acme, thing('tide', { size: 'ebb' }))
  await served(acme, 'tide', alpha)
  await acme.kube.mergePatch(thingRef('tide'), { spec: { size: 'flow' } })
  await waitFor(
    'the Assignment names the other offer',
    async () => (await assignmentOf(landscape, acme, 'tide'))?.spec.acceptAPIName === 'flow',
  )
  await create(acme, thing('next', { size: 'ebb' }))
  await served(acme, 'next', alpha)
  await create(acme, thing('late', { size: 'flow' }))
  const { message } = await told(acme, 'late', 'Placed', 'False', 'Full')
  expect(message).toContain(`${alpha.cluster}/flow: capacity wants fewer than 1 objects placed there, got 1`)
})

test('an offer for some consumers takes nobody else’s objects', async () => {
  await offer(alpha, 'for-acme', forSize('picky', { consumers: [{ path: '**acme' }] }))
  await offerCondition(alpha, 'for-acme', 'True', 'Indexed')
  for (const consumer of [globex, acme]) await create(consumer, thing('picky', { size: 'picky' }))
  await served(acme, 'picky', alpha)
  const { message } = await told(globex, 'picky', 'Placed', 'False', 'NoProviderAccepts')
  expect(message).toContain(`${alpha.cluster}/for-acme: `)
  expect(message).toMatch(/consumer.* wants path \*\*acme, got .*globex/)
  expect(await read(...copyAt(alpha, globex, 'picky'))).toBeUndefined()
})

test('objects of an AcceptAPI that is removed move to whoever else accepts them', async () => {
  await offer(alpha, 'first-home', forSize('moves', { weight: 2 }))
  await offer(beta, 'next-home', forSize('moves'))
  await offerCondition(alpha, 'first-home', 'True', 'Indexed')
  await offerCondition(beta, 'next-home', 'True', 'Indexed')
  await create(acme, thing('homeless', { size: 'moves', secret: true, value: 1 }))
  await served(acme, 'homeless', alpha)
  await withdraw(alpha, 'first-home')
  await served(acme, 'homeless', beta)
  await gone(...copyAt(alpha, acme, 'homeless'))
})

test('without another taker they stay where they are and say why, and say so no more once it is taken back', async () => {
  await offer(alpha, 'only-home', forSize('stays'))
  await create(acme, thing('stays', { size: 'stays' }))
  const before = await served(acme, 'stays', alpha)
  await withdraw(alpha, 'only-home')
  const { message } = await told(acme, 'stays', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(message).toContain(`stays at ${alpha.cluster}, nobody accepts it as it is now: `)
  expect(message).toContain(`${alpha.cluster}/green: size: valueIn wants one of "green", got "stays"`)
  await waitFor('the Event', async () =>
    (await eventMessages(acme, 'ProviderNoLongerAccepts')).includes(message.slice(0, 1024)),
  ) // an Event has no more
  expect(message).not.toContain('only-home')
  const after = await read(acme, thingRef('stays'))
  expect(after?.status?.['status']).toBe('Available')
  expect((await read(...copyAt(alpha, acme, 'stays')))?.spec).toEqual(before.spec)
  await offer(alpha, 'only-home', forSize('stays'))
  await told(acme, 'stays', 'Placed', 'True', 'Placed')
})

test('a spec that its provider does not take, and nobody else, is not copied, and the object keeps what it has', async () => {
  await offer(alpha, 'strict', forSize('strict'))
  await create(acme, thing('strict', { size: 'strict', value: 1 }))
  await served(acme, 'strict', alpha)
  await acme.kube.mergePatch(thingRef('strict'), { spec: { size: 'nobody-has-this' } })
  const { message } = await told(acme, 'strict', 'Synced', 'False', 'NotAccepted')
  expect(message).toBe(`generation 2 is not copied: ${alpha.cluster} does not accept it and keeps what it has`)
  expect((await read(...copyAt(alpha, acme, 'strict')))?.spec).toEqual({ size: 'strict', value: 1 })
  await acme.kube.mergePatch(thingRef('strict'), { spec: { size: 'strict', value: 2 } })
  await served(acme, 'strict', alpha)
  await told(acme, 'strict', 'Placed', 'True', 'Placed')
})

async function eventMessages({ kube }: Site, reason: string): Promise<string[]> {
  const events = { group: '', version: 'v1', resource: 'events', namespace: 'default' }
  const { items } = await kube.list<{ reason: string; message: string }>(events)
  return items.filter((event) => event.reason === reason).map(({ message }) => message)
}
