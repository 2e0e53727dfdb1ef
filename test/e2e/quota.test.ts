import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConsumerQuota, QuotaUsage } from '@resource-broker/api'
import { parseJson } from '@resource-broker/json'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { metric } from '../support/broker.ts'
import type { Landscape, Site } from '../support/landscape.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  create,
  eventsAbout,
  makeQuota,
  offer,
  offerCondition,
  read,
  release,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, brook, alpha] = [] as unknown as [Site, Site, Site]
const quotas: ObjectRef[] = []
const objects: [consumer: Site, name: string][] = []

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme', 'brook'], providers: ['alpha'] })
  landscape = scene.landscape
  ;[acme, brook, alpha] = [scene.site('acme'), scene.site('brook'), scene.site('alpha')]
  await offer(alpha, 'any')
  await offerCondition(alpha, 'any', 'True', 'Indexed')
})

afterEach(async () => {
  for (const ref of quotas.splice(0)) await landscape.platform.kube.delete(ref)
  await Promise.all(objects.splice(0).map(([consumer, name]) => release(consumer, name)))
  await untilRecorded(() => [])
})

afterAll(() => scene?.stop())

const { group, resource } = thingRef('x')
const things = { resources: [{ group, resource }] }

/** A quota for Things that the broker has judged. */
async function quotaOf(name: string, spec: object): Promise<ObjectRef> {
  const ref = await makeQuota(landscape.platform, name, { ...things, ...spec })
  quotas.push(ref)
  await judged(ref)
  return ref
}

const judged = (ref: ObjectRef, reason = 'Valid') =>
  waitFor(`${ref.name} is ${reason}`, async () => {
    const quota = await read<ConsumerQuota>(landscape.platform, ref)
    const said = conditionOf(quota as never, 'Ready')
    return said?.reason === reason && said.observedGeneration === quota?.metadata.generation ? said : undefined
  })

async function change(ref: ObjectRef, spec: object): Promise<void> {
  await landscape.platform.kube.mergePatch(ref, { spec })
  await judged(ref)
}

async function make(consumer: Site, ...names: string[]): Promise<void> {
  for (const name of names) {
    objects.push([consumer, name])
    await create(consumer, thing(name, { size: 'small' }))
  }
}

async function remove(consumer: Site, name: string): Promise<void> {
  objects.splice(
    objects.findIndex(([of, its]) => of === consumer && its === name),
    1,
  )
  await release(consumer, name)
}

const waits = (name: string, words: string) =>
  waitFor(`${name} waits: ${words}`, async () => {
    const { reason, message } = conditionOf(await read(acme, thingRef(name)), 'Placed') ?? {}
    return reason === 'QuotaExceeded' && message === words ? true : undefined
  })

/** What the platform has recorded, as quota, how many places and how many that wait, sorted. */
async function untilRecorded(expected: () => string[]): Promise<void> {
  const words = expected().sort().join()
  await waitFor(`the records are ${words}`, async () => {
    const { items } = await landscape.platform.kube.list<QuotaUsage>({ ...QuotaUsage.resource })
    const found = items.map(({ spec: { quota, claims = {}, waiting = {} } }) => {
      return `${quota} ${Object.keys(claims).length} ${Object.keys(waiting).length}`
    })
    return found.sort().join() === words
  })
}

test('a quota makes the eleventh wait, the deletion of the tenth lets it in, and other consumers count for themselves', async () => {
  const names = Array.from({ length: 11 }, (_, i) => `thing-${String(i + 1).padStart(2, '0')}`)
  const quota = await quotaOf('ten-things', { objects: 10 })
  await make(acme, ...names.slice(0, 10))
  for (const name of names.slice(0, 10)) await served(acme, name, alpha)
  await make(acme, 'thing-11')
  await waits('thing-11', 'ConsumerQuota ten-things: 10 of 10 objects of the consumer are placed; 1st of 1 that waits')
  expect(await assignmentOf(landscape, acme, 'thing-11')).toBeUndefined()
  await make(brook, 'other')
  await served(brook, 'other', alpha)
  const status = await waitFor('the quota tells what is used', async () => {
    const its = (await read<ConsumerQuota>(landscape.platform, quota))?.status
    return its?.consumers === 2 && its.waiting === 1 && its.used?.[1]?.objects === 1 ? its : undefined
  })
  expect(status.used).toEqual([
    { consumer: acme.cluster, objects: 10, waiting: 1 },
    { consumer: brook.cluster, objects: 1, waiting: 0 },
  ])
  const series = 'broker_unplaced_objects{service="placement-scheduler",reason="QuotaExceeded"}'
  await waitFor('the metric counts it', async () => (await metric(scene.broker, series)) === 1)
  await remove(acme, 'thing-10')
  const { metadata } = await served(acme, 'thing-11', alpha)
  expect((await eventsAbout(acme, metadata.uid)).filter((reason) => reason === 'QuotaExceeded')).toHaveLength(1)
})

test('whoever waits is let in in order of creation, one that is deleted leaves the line, and a quota that is raised lets in at once', async () => {
  const quota = await quotaOf('one-thing', { objects: 1 })
  await make(acme, 'a')
  await served(acme, 'a', alpha)
  await make(acme, 'b', 'c', 'd')
  const used = 'ConsumerQuota one-thing: 1 of 1 object of the consumer is placed'
  for (const [name, place] of [
    ['b', '1st'],
    ['c', '2nd'],
    ['d', '3rd'],
  ] as const)
    await waits(name, `${used}; ${place} of 3 that wait`)
  await remove(acme, 'b')
  await waits('c', `${used}; 1st of 2 that wait`)
  await waits('d', `${used}; 2nd of 2 that wait`)
  await remove(acme, 'a')
  await served(acme, 'c', alpha)
  await waits('d', `${used}; 1st of 1 that waits`)
  await change(quota, { objects: 2 })
  await served(acme, 'd', alpha)
  await change(quota, { objects: 1 })
  await make(acme, 'e')
  await waits('e', 'ConsumerQuota one-thing: 2 of 1 object of the consumer is placed; 1st of 1 that waits')
  await served(acme, 'c', alpha)
  await untilRecorded(() => ['one-thing 2 1'])
})

test('what is placed before its quota stays and counts, and a quota that is deleted lets in what waits; whoever waits does so over a restart of the broker', async () => {
  await make(acme, 'a', 'b')
  for (const name of ['a', 'b']) await served(acme, name, alpha)
  const quota = await quotaOf('late', { objects: 1, consumers: [{ path: acme.cluster }] })
  await untilRecorded(() => ['late 2 0'])
  await make(acme, 'c')
  await told(acme, 'c', 'Placed', 'False', 'QuotaExceeded')
  await make(brook, 'c')
  await served(brook, 'c', alpha)
  await scene.restartBroker([])
  await remove(acme, 'a')
  await waits('c', 'ConsumerQuota late: 1 of 1 object of the consumer is placed; 1st of 1 that waits')
  await landscape.platform.kube.delete(quota)
  quotas.pop()
  await served(acme, 'c', alpha)
  await served(acme, 'b', alpha)
  await untilRecorded(() => [])
})

test('where several quotas select an object it waits for the one that has no room, and takes no place of the others meanwhile', async () => {
  await quotaOf('few', { objects: 2 })
  const acmes = await quotaOf('acmes', { objects: 1, consumers: [{ path: acme.cluster }] })
  await make(acme, 'a')
  await served(acme, 'a', alpha)
  await make(acme, 'b')
  await waits('b', 'ConsumerQuota acmes: 1 of 1 object of the consumer is placed; 1st of 1 that waits')
  await untilRecorded(() => ['acmes 1 1', 'few 1 0'])
  await change(acmes, { objects: 9 })
  await served(acme, 'b', alpha)
  await make(acme, 'c')
  await waits('c', 'ConsumerQuota few: 2 of 2 objects of the consumer are placed; 1st of 1 that waits')
  await untilRecorded(() => ['acmes 2 0', 'few 2 1'])
  await change(acmes, { consumers: [{ path: brook.cluster }] })
  await untilRecorded(() => ['few 2 1'])
})

type Case = { name: string; kind: string; spec: object; message?: string }

const vectors = (file: string) => {
  const path = join(import.meta.dirname, '../../packages/api/vectors/crds', file)
  return (parseJson(readFileSync(path, 'utf8')) as Case[]).filter(({ kind }) => kind === ConsumerQuota.kind)
}

test.each(vectors('accepted.json'))('an API server takes: $name', async ({ spec }) => {
  quotas.push(await makeQuota(landscape.platform, 'accepted', spec))
})

test.each(vectors('refused.json'))('an API server refuses: $name', async ({ spec, message }) => {
  await expect(makeQuota(landscape.platform, 'refused', spec)).rejects.toThrow(message)
})
