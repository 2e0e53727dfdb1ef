import { join } from 'node:path'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  conditionOf,
  copyAt,
  create,
  gone,
  offer,
  patchSpec,
  read,
  release,
  served,
  type Thing,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

const GADGET = { group: 'test.platform-mesh.io', version: 'v1', resource: 'gadgets' }
const CRD = join(import.meta.dirname, 'fixtures/gadget-crd.yaml')
const HELD = { metadata: { finalizers: ['example.org/slow'] } }
const LET_GO = { metadata: { finalizers: null } }

let scene: Scene
let landscape: Landscape
let [acme, alpha] = [] as unknown as [Site, Site]

beforeAll(async () => {
  scene = await startScene({
    consumers: ['acme'],
    providers: ['alpha'],
    kinds: ['Gadget.v1.test.platform-mesh.io'],
    consumerCrds: [CRD],
    providerCrds: [CRD],
  })
  landscape = scene.landscape
  ;[acme, alpha] = [scene.site('acme'), scene.site('alpha')]
  await offer(alpha, 'things')
  await offer(alpha, 'gadgets', { gvr: GADGET })
})

afterAll(() => scene?.stop())

test('while a deletion waits for the provider its last words come, and a condition says what is waited for, where and since when', async () => {
  await create(acme, thing('leaves', { v: 1 }))
  await served(acme, 'leaves', alpha)
  const [at, copy] = copyAt(alpha, acme, 'leaves')
  await at.kube.mergePatch(copy, HELD)
  await acme.kube.delete(thingRef('leaves'))
  const { message } = await told(acme, 'leaves', 'Synced', 'False', 'Deleting')
  const since = (await read(at, copy))?.metadata.deletionTimestamp
  expect(message).toContain(`${alpha.cluster} has the copy still, which is being deleted since ${since}`)
  await at.kube.mergePatch(copy, { status: { status: 'Deleting' } }, { subresource: 'status' })
  await waitFor('the last words', async () => (await read(acme, thingRef('leaves')))?.status?.['status'] === 'Deleting')
  await at.kube.mergePatch(copy, LET_GO)
  await gone(acme, thingRef('leaves'))
})

const gadget = (name: string): ObjectRef => ({ ...GADGET, name })

test('a copy that its provider deletes is not shown as if it stayed, and its status not as that of the one that is made anew', async () => {
  const body = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Gadget', metadata: { name: 'anew' }, spec: { v: 1 } }
  await acme.kube.create(GADGET, body)
  const [at, copy] = copyAt(alpha, acme, gadget('anew'))
  await waitFor('the copy', () => read(at, copy))
  await at.kube.mergePatch(copy, { ...HELD })
  await at.kube.mergePatch(copy, { status: { status: 'Available', of: 'the first' } }, { subresource: 'status' })
  const is = (what: string, judge: (object: Thing) => boolean) =>
    waitFor(what, async () => {
      const object = await read(acme, gadget('anew'))
      return object !== undefined && judge(object) ? object : undefined
    })
  await is('served', ({ status }) => status?.['of'] === 'the first')
  await at.kube.delete(copy)
  const leaving = await is('told', (object) => conditionOf(object, 'Synced')?.reason === 'CopyLeaving')
  expect(conditionOf(leaving, 'Synced')?.status).toBe('False')
  expect(conditionOf(leaving, 'Synced')?.message).toContain(`${alpha.cluster} is deleting the copy since `)
  const { uid } = (await read(at, copy))?.metadata ?? {}
  await at.kube.mergePatch(copy, LET_GO)
  await waitFor('another copy', async () => ![uid, undefined].includes((await read(at, copy))?.metadata.uid))
  const without = await is('the old status goes', ({ status }) => status?.['of'] === undefined)
  expect(without.status?.['status']).toBeUndefined()
  await acme.kube.delete(gadget('anew'))
  await gone(acme, gadget('anew'))
})

/** Takes the copy away while no broker runs, and puts it back as a backup does: by another hand, with another uid. */
async function restoreCopy(name: string, meanwhile: () => Promise<unknown> = async () => undefined): Promise<string> {
  const [at, copy] = copyAt(alpha, acme, name)
  await scene.broker.stop()
  const { metadata, apiVersion, kind, spec, status } = (await read(at, copy)) as Thing
  const { name: its, namespace, annotations } = metadata
  await at.kube.delete(copy)
  await gone(at, copy)
  const restored = { apiVersion, kind, metadata: { name: its, namespace, annotations }, spec }
  const { metadata: made } = await at.kube.create<Thing>(copy, restored, { fieldManager: 'restore' })
  await at.kube.mergePatch(copy, { status }, { subresource: 'status', fieldManager: 'restore' })
  await meanwhile()
  await scene.restartBroker([])
  return made.uid
}

test('a copy that its provider restored from a backup is taken over: changes reach it, and it goes with its object', async () => {
  await create(acme, thing('restored', { v: 1 }))
  await served(acme, 'restored', alpha)
  const uid = await restoreCopy('restored')
  await patchSpec(acme, thingRef('restored'), { v: 2 })
  const [at, copy] = copyAt(alpha, acme, 'restored')
  await waitFor('the change', async () => (await read(at, copy))?.spec['v'] === 2)
  const now = await at.kube.get<Thing>(copy)
  expect(now.metadata.uid).toBe(uid)
  await told(acme, 'restored', 'Synced', 'True', 'Synced')
  await release(acme, 'restored')
  expect(await read(at, copy)).toBeUndefined()
})

test('a copy that was restored while its object was being deleted is not left behind', async () => {
  await create(acme, thing('forsaken', { v: 1 }))
  await served(acme, 'forsaken', alpha)
  await restoreCopy('forsaken', () => acme.kube.delete(thingRef('forsaken')))
  await gone(acme, thingRef('forsaken'))
  expect(await read(...copyAt(alpha, acme, 'forsaken'))).toBeUndefined()
})

/** Takes the consumer's object away by force and puts it back as a backup does: under its name, with another uid. */
async function restoreObject(name: string, annotations: Record<string, string>): Promise<Thing> {
  await acme.kube.delete(thingRef(name))
  await waitFor('the name is free', async () => {
    if ((await read(acme, thingRef(name))) === undefined) return true
    await acme.kube.mergePatch(thingRef(name), LET_GO).catch(() => undefined)
    return false
  })
  return await create(acme, thing(name, { v: 'restored' }, { annotations }))
}

test('an object that was restored with the word to adopt has the copy that was there, with what is in it', async () => {
  await create(acme, thing('adopts', { v: 1 }))
  await served(acme, 'adopts', alpha)
  const [at, copy] = copyAt(alpha, acme, 'adopts')
  const { uid } = ((await read(at, copy)) as Thing).metadata
  // Before the broker can have noticed that it went: afterwards there is nothing left to adopt.
  await scene.broker.stop()
  const { metadata } = await restoreObject('adopts', { 'broker.platform-mesh.io/adopt': 'true' })
  await scene.restartBroker([])
  await waitFor('the change', async () => (await read(at, copy))?.spec['v'] === 'restored')
  expect((await read(at, copy))?.metadata.uid).toBe(uid)
  expect((await assignmentOf(landscape, acme, 'adopts'))?.spec.uid).toBe(metadata.uid)
  await served(acme, 'adopts', alpha)
  await told(acme, 'adopts', 'Synced', 'True', 'Synced')
  await release(acme, 'adopts')
})

test('the copy of an earlier object of the name is not deleted before it was told, and can still be adopted then', async () => {
  await create(acme, thing('replaced', { v: 1 }))
  await served(acme, 'replaced', alpha)
  const [at, copy] = copyAt(alpha, acme, 'replaced')
  const { uid } = ((await read(at, copy)) as Thing).metadata
  await scene.broker.stop()
  await restoreObject('replaced', {})
  await scene.restartBroker([])
  const { message } = await told(acme, 'replaced', 'Synced', 'False', 'CopyOfEarlierObject')
  expect(message).toContain(`${alpha.cluster} has the copy of an earlier object of this name`)
  expect(message).toContain('broker.platform-mesh.io/adopt: "true"')
  await waitFor('the Event', async () => {
    type Event = { involvedObject: { name: string }; reason: string }
    const { items } = await acme.kube.list<Event>({ group: '', version: 'v1', resource: 'events' })
    return items.some(
      ({ involvedObject, reason }) => involvedObject.name === 'replaced' && reason === 'CopyOfEarlierObject',
    )
  })
  expect((await read(at, copy))?.metadata).toMatchObject({ uid })
  expect((await read(at, copy))?.metadata.deletionTimestamp).toBeUndefined()
  await acme.kube.mergePatch(thingRef('replaced'), {
    metadata: { annotations: { 'broker.platform-mesh.io/adopt': 'true' } },
  })
  await waitFor('the change', async () => (await read(at, copy))?.spec['v'] === 'restored')
  expect((await read(at, copy))?.metadata.uid).toBe(uid)
  await told(acme, 'replaced', 'Synced', 'True', 'Synced')
})
