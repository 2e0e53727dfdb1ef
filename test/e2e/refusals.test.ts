import { join } from 'node:path'
import type { KubeObject } from '@resource-broker/bus'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ENGINE, type Landscape, type Site } from '../support/landscape.ts'
import { breakWrites, forbid } from '../support/obstacles.ts'
import { THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  conditionOf,
  copyAt,
  create,
  offer,
  offerCondition,
  patchSpec,
  read,
  roundTrip,
  secretOf,
  secretRef,
  served,
  type Thing,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

const OF_TEST = { group: 'test.platform-mesh.io', version: 'v1' }
const GAUGE = { ...OF_TEST, resource: 'gauges' }
const FITTING = { ...OF_TEST, resource: 'fittings' }
const MUTE = { ...OF_TEST, resource: 'mutes' }
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
/** `bootstrap` of a kcp refuses such a kind. */
const hasMute = ENGINE !== 'kcp'

/** A busy machine takes longer than the second that vitest gives. */
const PATIENT = { timeout: 30_000 }

let scene: Scene
let landscape: Landscape
let [acme, alpha] = [] as unknown as [Site, Site]

beforeAll(async () => {
  const crds = (role: string) =>
    ['gauge-and-fitting', ...(hasMute ? ['mute'] : [])].map((of) =>
      fixture(`${of}-crd${of === 'mute' ? '' : 's'}-${role}.yaml`),
    )
  scene = await startScene({
    consumers: ['acme'],
    providers: ['alpha'],
    kinds: ['Gauge', 'Fitting', ...(hasMute ? ['Mute'] : [])].map((kind) => `${kind}.v1.test.platform-mesh.io`),
    consumerCrds: crds('consumer'),
    providerCrds: crds('provider'),
  })
  landscape = scene.landscape
  ;[acme, alpha] = [scene.site('acme'), scene.site('alpha')]
  await offer(alpha, 'things')
  await offer(alpha, 'gauges', { gvr: GAUGE })
})

afterAll(() => scene?.stop())

const isUnless = (name: string, is: string) => `object.metadata.name != '${name}' || ${is}`

/** What the provider says of a copy from now on. */
async function says(name: string, status: object): Promise<void> {
  const [at, copy] = copyAt(alpha, acme, name)
  await at.kube.mergePatch(copy, { status }, { subresource: 'status', fieldManager: 'thing-controller' })
}

/** Waits until the consumer's object has this state. */
async function reads(name: string, state: string): Promise<Thing> {
  return await waitFor(`${name} is ${state}`, async () => {
    const object = await read(acme, thingRef(name))
    return object?.status?.['status'] === state ? object : undefined
  })
}

test('a copy that its API server refuses is told in the words of the server, and what the provider says goes on coming', async () => {
  await create(acme, thing('refused', { v: 1 }))
  await served(acme, 'refused', alpha)
  const [, copy] = copyAt(alpha, acme, 'refused')
  const allow = await forbid(alpha, {
    ...THING,
    ...{ operations: ['UPDATE'], message: 'the quota of v is used up' },
    unless: isUnless(copy.name, 'object.spec.v < 2'),
  })
  await patchSpec(acme, thingRef('refused'), { v: 2 })
  const { message } = await told(acme, 'refused', 'Synced', 'False', 'CopyRefused')
  expect(message).toContain(`${alpha.cluster} refuses the copy: `)
  expect(message).toContain('the quota of v is used up')
  await says('refused', { status: 'Degraded' })
  const object = await reads('refused', 'Degraded')
  expect(conditionOf(object, 'Synced')).toMatchObject({ status: 'False', reason: 'CopyRefused' })
  await allow()
  await patchSpec(acme, thingRef('refused'), { v: 3 })
  await told(acme, 'refused', 'Synced', 'True', 'Synced')
  await served(acme, 'refused', alpha)
})

test('trouble at the provider that may pass is told after some seconds, and what the provider says comes all the while', async () => {
  await create(acme, thing('broken', { v: 1 }))
  await served(acme, 'broken', alpha)
  const [at, copy] = copyAt(alpha, acme, 'broken')
  const mend = await breakWrites(landscape, at, copy)
  await patchSpec(acme, thingRef('broken'), { v: 2 })
  const { message } = await told(acme, 'broken', 'Synced', 'False', 'CopyRefused')
  expect(message).toContain('failed calling webhook')
  await says('broken', { status: 'Degraded' })
  expect(conditionOf(await reads('broken', 'Degraded'), 'Synced')?.status).toBe('False')
  await mend()
  await told(acme, 'broken', 'Synced', 'True', 'Synced')
  await served(acme, 'broken', alpha)
})

const gauge = (name: string): ObjectRef => ({ ...GAUGE, namespace: 'default', name })

async function createGauge(name: string, spec: object = { v: 1 }): Promise<void> {
  const body = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Gauge', metadata: { name }, spec }
  await acme.kube.create({ ...GAUGE, namespace: 'default' }, body)
}

/** Has the provider say it of the copy of a Gauge, once that is there. */
async function gaugeSays(name: string, status: object): Promise<void> {
  const [at, copy] = copyAt(alpha, acme, gauge(name))
  await waitFor('the copy', () => read(at, copy))
  await at.kube.mergePatch(copy, { status }, { subresource: 'status' })
}

async function gaugeIs(name: string, status: 'True' | 'False', reason: string): Promise<Thing> {
  return await waitFor(`${name}: Synced=${status} for ${reason}`, async () => {
    const object = await read(acme, gauge(name))
    const condition = conditionOf(object, 'Synced')
    return condition?.status === status && condition.reason === reason ? object : undefined
  })
}

test('a status that the consumer’s schema refuses is left out, and the conditions say which field it is', async () => {
  await createGauge('swings')
  await gaugeSays('swings', { status: 'Available', level: 'low' })
  await gaugeIs('swings', 'True', 'Synced')
  await gaugeSays('swings', { status: 'Degraded', level: 'extreme' })
  const refused = await gaugeIs('swings', 'False', 'StatusRefused')
  expect(conditionOf(refused, 'Synced')?.message).toContain('status.level')
  expect(refused.status).toMatchObject({ status: 'Available', level: 'low' })
  await gaugeSays('swings', { level: 'high' })
  expect((await gaugeIs('swings', 'True', 'Synced')).status).toMatchObject({ status: 'Degraded', level: 'high' })
})

test('an object whose first status is refused has its conditions nevertheless', async () => {
  await createGauge('bursts')
  await gaugeSays('bursts', { status: 'Available', level: 'extreme' })
  const refused = await gaugeIs('bursts', 'False', 'StatusRefused')
  expect(conditionOf(refused, 'Placed')?.status).toBe('True')
  expect(conditionOf(refused, 'Synced')?.message).toContain('status.level')
})

test('what a provider adds to a list of a copy stays, and is not written over at each change of its status', async (context) => {
  const { injections } = landscape
  if (injections === undefined) return context.skip('requests are counted by the sandbox')
  await createGauge('lists', { ports: [{ name: 'web', number: 80 }] })
  const [at, copy] = copyAt(alpha, acme, gauge('lists'))
  await waitFor('the copy', () => read(at, copy))
  const theirs = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Gauge', metadata: { name: copy.name } }
  const ports = [{ name: 'metrics', number: 9090 }]
  await at.kube.apply(copy, { ...theirs, spec: { ports } }, { fieldManager: 'provider' })
  await gaugeSays('lists', { status: 'Available', level: 'low' })
  await waitFor('low arrives', async () => (await read(acme, gauge('lists')))?.status?.['level'] === 'low')
  const applies = new Set<string>()
  const stop = injections.add(({ method, path, query, headers }) => {
    const isApply = method === 'PATCH' && headers['content-type'] === 'application/apply-patch+yaml'
    if (isApply && path.endsWith(`/gauges/${copy.name}`) && query.get('fieldManager') === 'resource-broker')
      applies.add(`${applies.size}`)
    return undefined
  })
  for (const level of ['high', 'low', 'high']) {
    await gaugeSays('lists', { level })
    await waitFor(`${level} arrives`, async () => (await read(acme, gauge('lists')))?.status?.['level'] === level)
  }
  stop()
  expect(applies.size).toBe(0)
  expect((await read(at, copy))?.spec['ports']).toEqual([{ name: 'web', number: 80 }, ...ports])
})

test('an offer of a kind that the provider does not serve, or serves in another scope, is not ready', async () => {
  await offer(alpha, 'nothing', { gvr: { ...OF_TEST, resource: 'nothings' } })
  await waitFor('the offer of nothings is refused', async () => {
    const ready = conditionOf(await readOffer('nothing'), 'Ready')
    return ready?.status === 'False'
  })
  await offer(alpha, 'fittings', { gvr: FITTING })
  const { message } = await offerCondition(
    alpha,
    'fittings',
    'False',
    ENGINE === 'kcp' ? 'BindingNotVerified' : 'ScopeDiffers',
  )
  expect(message).toContain('fittings.v1.test.platform-mesh.io is cluster-scoped')
  expect(message).toContain('namespaced')
  await acme.kube.create(
    { ...FITTING, namespace: 'default' },
    { apiVersion: 'test.platform-mesh.io/v1', kind: 'Fitting', metadata: { name: 'odd' }, spec: {} },
  )
  await waitFor('the object is not placed', async () => {
    const placed = conditionOf(await read(acme, { ...FITTING, namespace: 'default', name: 'odd' }), 'Placed')
    return placed?.status === 'False' && placed.reason === 'NoProviderAccepts'
  })
})

const readOffer = (name: string) =>
  read<Thing>(alpha, { group: 'broker.platform-mesh.io', version: 'v1alpha1', resource: 'acceptapis', name })

test('an update of a Secret that is refused leaves the last good one, and is told', async () => {
  await create(acme, thing('rotates', { secret: true, value: 1 }))
  await served(acme, 'rotates', alpha)
  await expect.poll(() => secretOf(acme, 'rotates-secret'), PATIENT).toEqual({ from: 'alpha/1' })
  const before = await read<KubeObject>(acme, secretRef('rotates-secret'))
  const allow = await forbid(acme, {
    ...{ group: '', version: 'v1', resource: 'secrets', operations: ['CREATE', 'UPDATE'] },
    ...{ unless: `object.metadata.name != 'rotates-secret'`, message: 'no Secret may change today' },
  })
  await patchSpec(acme, thingRef('rotates'), { value: 2 })
  const { message } = await told(acme, 'rotates', 'Synced', 'False', 'RelatedRefused')
  expect(message).toContain('no Secret may change today')
  expect(await read(acme, secretRef('rotates-secret'))).toEqual(before)
  await allow()
  await patchSpec(acme, thingRef('rotates'), { value: 3 })
  await expect.poll(() => secretOf(acme, 'rotates-secret'), PATIENT).toEqual({ from: 'alpha/3' })
  await told(acme, 'rotates', 'Synced', 'True', 'Synced')
})

test('an immutable Secret that changes, and one of another type, take the place of the one before', async () => {
  await create(acme, thing('fixed', { v: 1 }))
  await served(acme, 'fixed', alpha)
  const [at, origin] = copyAt(alpha, acme, secretRef('fixed-own'))
  const put = async (type: string, data: Record<string, string>) => {
    await at.kube.delete(origin).catch(() => undefined)
    const metadata = { name: origin.name, namespace: 'default' }
    await at.kube.create(origin, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type,
      immutable: true,
      stringData: data,
    })
  }
  const secret = { namespace: 'default', name: origin.name, gvk: { group: 'core', version: 'v1', kind: 'Secret' } }
  await put('Opaque', { is: 'one' })
  await says('fixed', { relatedResources: { secret } })
  await expect.poll(() => secretOf(acme, 'fixed-own'), PATIENT).toEqual({ is: 'one' })
  await put('Opaque', { is: 'two' })
  await expect.poll(() => secretOf(acme, 'fixed-own'), PATIENT).toEqual({ is: 'two' })
  await put('example.org/other', { is: 'three' })
  await expect.poll(() => secretOf(acme, 'fixed-own'), PATIENT).toEqual({ is: 'three' })
  expect(await read(acme, secretRef('fixed-own'))).toMatchObject({ type: 'example.org/other', immutable: true })
})

test('an object of a kind that has no status here is served, and an Event says that it cannot be told', async (context) => {
  if (!hasMute) context.skip('bootstrap refuses a kind without status subresource')
  await offer(alpha, 'mutes', { gvr: MUTE })
  const body = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Mute', metadata: { name: 'silent' }, spec: { v: 1 } }
  await acme.kube.create({ ...MUTE, namespace: 'default' }, body)
  const [at, copy] = copyAt(alpha, acme, { ...MUTE, namespace: 'default', name: 'silent' })
  await waitFor('the copy', async () => (await read(at, copy))?.spec['v'] === 1)
  const note = await waitFor('the Event', async () =>
    (await eventsOn('silent')).find(({ reason }) => reason === 'NoStatusSubresource'),
  )
  expect(note.message).toContain('mutes.v1.test.platform-mesh.io has no status subresource here')
})

async function eventsOn(name: string): Promise<{ reason: string; message: string }[]> {
  type Event = { involvedObject: { name: string }; reason: string; message: string }
  const { items } = await acme.kube.list<Event>({ group: '', version: 'v1', resource: 'events', namespace: 'default' })
  return items.filter(({ involvedObject }) => involvedObject.name === name)
}

test('a provider’s own condition Synced is heard within the broker’s', async () => {
  await create(acme, thing('composed', { v: 1 }))
  await served(acme, 'composed', alpha)
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  const its = {
    type: 'Synced',
    status: 'False',
    reason: 'ReconcileError',
    message: 'no quota left',
    lastTransitionTime,
  }
  await says('composed', { conditions: [its] })
  await waitFor('the words', async () => {
    const condition = conditionOf(await read(acme, thingRef('composed')), 'Synced')
    return condition?.message.includes('which says ReconcileError: no quota left')
  })
  await says('composed', { conditions: [{ ...its, status: 'True', reason: 'ReconcileSuccess', message: '' }] })
  await roundTrip(acme, 'composed', alpha)
  await waitFor('the words go', async () => {
    const condition = conditionOf(await read(acme, thingRef('composed')), 'Synced')
    return condition?.status === 'True' && !condition.message.includes('which says')
  })
})
