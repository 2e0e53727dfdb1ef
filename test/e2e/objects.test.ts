import { join } from 'node:path'
import type { ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { neverAbsent } from '../support/never-absent.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
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
  roundTrip,
  secretOf,
  secretRef,
  served,
  type Thing,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

const GADGET = { group: 'test.platform-mesh.io', version: 'v1', resource: 'gadgets' }
const PART = { group: 'test.platform-mesh.io', version: 'v1', resource: 'parts' }
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)

let scene: Scene
let landscape: Landscape
let [acme, globex, alpha] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({
    consumers: ['acme', 'globex'],
    providers: ['alpha'],
    kinds: ['Gadget.v1.test.platform-mesh.io,Part.v1.test.platform-mesh.io'],
    consumerCrds: [fixture('gadget-crd.yaml'), fixture('part-crd-consumer.yaml')],
    providerCrds: [fixture('gadget-crd.yaml'), fixture('part-crd-provider.yaml')],
    before: async ({ consumers, providers }) => {
      await create(consumers['acme'] as Site, thing('early', { secret: true, value: 'early' }))
      await offer(providers['alpha'] as Site, 'things')
    },
  })
  landscape = scene.landscape
  ;[acme, globex, alpha] = [scene.site('acme'), scene.site('globex'), scene.site('alpha')]
  await offer(alpha, 'gadgets', { gvr: GADGET })
  await offer(alpha, 'parts', { gvr: PART })
})

afterAll(() => scene?.stop())

test('objects and offers that were there before the broker are served', async () => {
  await served(acme, 'early', alpha)
  await expect.poll(() => secretOf(acme, 'early-secret')).toEqual({ from: 'alpha/early' })
})

test('a changed spec reaches the copy in place, and the status says for which generation it speaks', async () => {
  await create(acme, thing('changes', { value: 1 }))
  const before = await served(acme, 'changes', alpha)
  const uid = (await read(...copyAt(alpha, acme, 'changes')))?.metadata.uid
  await patchSpec(acme, thingRef('changes'), { value: 2, list: [1, { two: 2 }], empty: {} })
  const after = await served(acme, 'changes', alpha)
  expect(after.status?.['observedGeneration']).toBe((before.metadata.generation ?? 0) + 1)
  const copy = await read(...copyAt(alpha, acme, 'changes'))
  expect([copy?.metadata.uid, copy?.spec]).toEqual([uid, { value: 2, list: [1, { two: 2 }], empty: {} }])
  expect(conditionOf(after, 'Placed')).toMatchObject({
    status: 'True',
    message: `placed at ${alpha.cluster} by AcceptAPI things`,
  })
  expect((await told(acme, 'changes', 'Synced', 'True', 'Synced')).message).toBe(`generation 2 is at ${alpha.cluster}`)
})

test('integers of 64 bits pass as they were written, down and up', async () => {
  const integers = {
    v: 9007199254740993n,
    max: 9223372036854775807n,
    list: [{ min: -9223372036854775808n }],
    float: 1.5,
  }
  await create(acme, thing('integers', integers))
  await served(acme, 'integers', alpha)
  const [at, copy] = copyAt(alpha, acme, 'integers')
  expect((await read(at, copy))?.spec).toEqual(integers)
  await at.kube.mergePatch(copy, { status: { integers } }, { subresource: 'status' })
  const told = async () => (await read(acme, thingRef('integers')))?.status?.['integers']
  await expect.poll(told).toEqual(integers)
  await patchSpec(acme, thingRef('integers'), { v: 9007199254740992n })
  await served(acme, 'integers', alpha)
  expect((await read(at, copy))?.spec['v']).toBe(9007199254740992n)
})

test('fields that the consumer removes leave the copy, and fields that the provider owns stay', async () => {
  await create(acme, thing('fields', { keep: 1, drop: { deep: 1, deeper: 2 }, both: { mine: 1, more: 1 } }))
  await served(acme, 'fields', alpha)
  const owned = { owner: 'provider', both: { theirs: 1 } }
  const [at, copy] = copyAt(alpha, acme, 'fields')
  await at.kube.mergePatch(copy, { spec: owned }, { fieldManager: 'provider' })
  await patchSpec(acme, thingRef('fields'), { drop: { deep: null }, keep: 2 })
  await roundTrip(acme, 'fields', alpha)
  const spec = async () => (await read(at, copy))?.spec
  expect(await spec()).toMatchObject({ keep: 2, drop: { deeper: 2 }, both: { mine: 1, theirs: 1 }, owner: 'provider' })
  expect((await spec())?.['drop']).toEqual({ deeper: 2 })
  await patchSpec(acme, thingRef('fields'), { drop: null, both: { mine: null } })
  await roundTrip(acme, 'fields', alpha)
  expect(await spec()).toMatchObject({ keep: 2, owner: 'provider' })
  expect((await spec())?.['both']).toEqual({ more: 1, theirs: 1 })
  expect(await spec()).not.toHaveProperty('drop')
})

test('what somebody changes in a copy is put right, and a copy that somebody deletes is made again', async () => {
  await create(acme, thing('drifts', { value: 1 }))
  await served(acme, 'drifts', alpha)
  const [at, copy] = copyAt(alpha, acme, 'drifts')
  await patchSpec(at, copy, { value: 'drifted' })
  await expect.poll(async () => (await read(at, copy))?.spec['value']).toBe(1)
  const uid = (await read(at, copy))?.metadata.uid
  await at.kube.delete(copy)
  await waitFor('another copy', async () => {
    const now = (await read(at, copy))?.metadata.uid
    return now !== undefined && now !== uid
  })
  await served(acme, 'drifts', alpha)
})

test('a related Secret travels with its rotation, its drift is repaired, and it goes when the provider takes it back', async () => {
  await create(acme, thing('related', { secret: true, value: 1 }))
  await served(acme, 'related', alpha)
  await expect.poll(() => secretOf(acme, 'related-secret')).toEqual({ from: 'alpha/1' })
  await patchSpec(acme, thingRef('related'), { value: 2 })
  await expect.poll(() => secretOf(acme, 'related-secret')).toEqual({ from: 'alpha/2' })
  await acme.kube.mergePatch(secretRef('related-secret'), { data: { from: 'ZHJpZnQ=', own: 'ZHJpZnQ=' } })
  await expect.poll(() => secretOf(acme, 'related-secret')).toEqual({ from: 'alpha/2' })
  await acme.kube.delete(secretRef('related-secret'))
  await expect.poll(() => secretOf(acme, 'related-secret')).toEqual({ from: 'alpha/2' })
  const [at, copy] = copyAt(alpha, acme, 'related')
  await at.kube.mergePatch(copy, { status: { relatedResources: null } }, { subresource: 'status' })
  await gone(acme, secretRef('related-secret'))
})

test('a Secret that its provider deletes in order to make it anew is there at the consumer all the while', async () => {
  await create(acme, thing('rotates', { secret: true, value: 1 }))
  await served(acme, 'rotates', alpha)
  await expect.poll(() => secretOf(acme, 'rotates-secret')).toEqual({ from: 'alpha/1' })
  const check = await neverAbsent(acme, 'rotates-secret')
  const [at, copy] = copyAt(alpha, acme, 'rotates')
  await at.kube.delete(secretRef(`${copy.name}-secret`))
  const { message } = await told(acme, 'rotates', 'Synced', 'False', 'RelatedMissing')
  expect(message).toBe(`${alpha.cluster} has no Secret default/${copy.name}-secret, which its status refers to`)
  expect(await secretOf(acme, 'rotates-secret')).toEqual({ from: 'alpha/1' })
  await putSecret(at, 'default', `${copy.name}-secret`, { from: 'made anew' })
  await expect.poll(() => secretOf(acme, 'rotates-secret')).toEqual({ from: 'made anew' })
  await told(acme, 'rotates', 'Synced', 'True', 'Synced')
  check()
})

test('deletion takes everything: copy, Secret, Assignment, and the object goes last', async () => {
  await create(acme, thing('leaves', { secret: true, value: 1 }))
  await served(acme, 'leaves', alpha)
  await expect.poll(() => secretOf(acme, 'leaves-secret')).toBeDefined()
  const [at, copy] = copyAt(alpha, acme, 'leaves')
  await at.kube.mergePatch(copy, { metadata: { finalizers: ['example.org/slow'] } })
  await acme.kube.delete(thingRef('leaves'))
  await expect.poll(async () => (await read(at, copy))?.metadata.deletionTimestamp).toBeDefined()
  await roundTrip(acme, 'changes', alpha)
  expect((await read(acme, thingRef('leaves')))?.metadata.finalizers).toContain('broker.platform-mesh.io/finalizer')
  await at.kube.mergePatch(copy, { metadata: { finalizers: null } })
  await gone(acme, thingRef('leaves'))
  expect(await read(at, copy)).toBeUndefined()
  await gone(acme, secretRef('leaves-secret'))
  expect(await assignmentOf(landscape, acme, 'leaves')).toBeUndefined()
})

test('an object deleted and created again at once under its name is another one, with a copy of its own', async () => {
  await create(acme, thing('again', { value: 'first' }))
  await served(acme, 'again', alpha)
  const first = await read(...copyAt(alpha, acme, 'again'))
  await acme.kube.mergePatch(thingRef('again'), { metadata: { finalizers: null } })
  await acme.kube.delete(thingRef('again'))
  await waitFor('the name is free', async () => {
    const object = await read(acme, thingRef('again'))
    if (object === undefined) return true
    await acme.kube.mergePatch(thingRef('again'), { metadata: { finalizers: null } }).catch(() => undefined)
    return false
  })
  const { metadata } = await create(acme, thing('again', { value: 'second' }))
  // What the first had may stay for a while, for whoever restored the object and wants to keep it.
  await waitFor(
    'the Assignment of the second',
    async () => (await assignmentOf(landscape, acme, 'again'))?.spec.uid === metadata.uid,
  )
  await served(acme, 'again', alpha)
  const second = await waitFor('the second copy', async () => {
    const copy = await read(...copyAt(alpha, acme, 'again'))
    return copy?.spec['value'] === 'second' ? copy : undefined
  })
  expect(second.metadata.uid).not.toBe(first?.metadata.uid)
})

test("a consumer's namespace that the provider lacks is made there", async () => {
  const namespaces = { group: '', version: 'v1', resource: 'namespaces' }
  await acme.kube.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } })
  await create(acme, thing('housed', { secret: true, value: 1 }, { namespace: 'team-a' }))
  await served(acme, 'housed', alpha, 'team-a')
  await expect.poll(() => secretOf(acme, 'housed-secret', 'team-a')).toEqual({ from: 'alpha/1' })
  await release(acme, 'housed', 'team-a')
  await gone(...copyAt(alpha, acme, thingRef('housed', 'team-a')))
})

test.each([
  { what: 'as long as Kubernetes allows', name: `${'n'.repeat(252)}z` },
  { what: 'that just does not fit with the prefix', name: `${'n'.repeat(240)}z` },
  { what: 'that just fits with the prefix', name: 'm'.repeat(240) },
  { what: 'with dots', name: 'a.b-c.d' },
])('a name $what has a copy, an answer and an end', async ({ name }) => {
  await create(acme, thing(name, { value: 1 }))
  await served(acme, name, alpha)
  const [at, copy] = copyAt(alpha, acme, name)
  expect(copy.name.length).toBeLessThanOrEqual(253)
  expect((await read(at, copy))?.spec).toEqual({ value: 1 })
  await release(acme, name)
  await gone(at, copy)
})

const gadget = (name: string, spec: object) => ({
  apiVersion: 'test.platform-mesh.io/v1',
  kind: 'Gadget',
  metadata: { name },
  spec,
})
const part = (name: string, spec: object) => ({
  ...{ apiVersion: 'test.platform-mesh.io/v1', kind: 'Part', spec },
  metadata: { name, namespace: 'default' },
})

test('cluster-scoped objects of two consumers have their copies, their status and their end', async () => {
  const ref = (name: string): ObjectRef => ({ ...GADGET, name })
  for (const consumer of [acme, globex]) {
    await consumer.kube.create(GADGET, gadget('same', { of: consumer.name }))
    const [at, copy] = copyAt(alpha, consumer, ref('same'))
    await waitFor('the copy', async () => (await read(at, copy))?.spec['of'] === consumer.name)
    await at.kube.mergePatch(copy, { status: { status: 'Available', of: consumer.name } }, { subresource: 'status' })
    await waitFor('the status', async () => (await read(consumer, ref('same')))?.status?.['of'] === consumer.name)
  }
  await acme.kube.delete(ref('same'))
  await gone(acme, ref('same'))
  expect(await read(...copyAt(alpha, acme, ref('same')))).toBeUndefined()
  expect((await read(...copyAt(alpha, globex, ref('same'))))?.spec).toEqual({ of: 'globex' })
})

test('objects of one name and different kinds do not meet', async () => {
  await acme.kube.create({ ...PART, namespace: 'default' }, part('kinds', { size: 'small' }))
  await acme.kube.create(GADGET, gadget('kinds', { gadget: true }))
  await create(acme, thing('kinds', { thing: true }))
  await waitFor('three copies', async () => {
    const objects = [{ ...PART, namespace: 'default' }, GADGET, { ...THING, namespace: 'default' }]
    const copies = objects.map((of) => copyAt(alpha, acme, { ...of, name: 'kinds' }))
    const specs = await Promise.all(copies.map(async (copy) => (await read(...copy))?.spec))
    return JSON.stringify(specs) === '[{"size":"small"},{"gadget":true},{"thing":true}]'
  })
  await acme.kube.delete({ ...GADGET, name: 'kinds' })
  await gone(acme, { ...GADGET, name: 'kinds' })
  expect((await read(...copyAt(alpha, acme, 'kinds')))?.spec).toEqual({ thing: true })
})

test.each([
  { what: 'a value that it does not allow', name: 'enum', spec: { size: 'huge' }, field: 'spec.size' },
  { what: 'a number out of bounds', name: 'bound', spec: { count: 11 }, field: 'spec.count' },
  { what: 'a value of another type', name: 'type', spec: { count: 'many' }, field: 'spec.count' },
])(
  "a copy that the provider's schema refuses for $what is told to the consumer, and mended by a change",
  async ({ name, spec, field }) => {
    const ref = { ...PART, namespace: 'default', name }
    await acme.kube.create({ ...PART, namespace: 'default' }, part(name, spec))
    const refused = await waitFor('the refusal', async () => {
      const condition = conditionOf(await read(acme, ref), 'Synced')
      return condition?.status === 'False' ? condition : undefined
    })
    expect(refused.reason).toBe('CopyRefused')
    expect(refused.message).toContain(`${alpha.cluster} refuses the copy: `)
    expect(refused.message).toContain(field)
    await acme.kube.mergePatch(ref, { spec: { size: 'small', count: 1 } })
    await waitFor('the copy', async () => (await read(...copyAt(alpha, acme, ref)))?.spec['count'] === 1)
    await waitFor('the condition', async () => conditionOf(await read(acme, ref), 'Synced')?.status === 'True')
  },
)

test('what the consumer reads of its placement is an annotation, a finalizer and conditions, and the provider keeps its own', async () => {
  await create(acme, thing('reads', { value: 1 }))
  await served(acme, 'reads', alpha)
  const conditions = [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Fine',
      message: 'all is well',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
    {
      type: 'Placed',
      status: 'False',
      reason: 'Lie',
      message: 'not yours',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]
  const [at, copy] = copyAt(alpha, acme, 'reads')
  await at.kube.mergePatch(copy, { status: { conditions } }, { subresource: 'status' })
  const object = await waitFor('the condition of the provider', async () => {
    const now = (await read(acme, thingRef('reads'))) as Thing
    return conditionOf(now, 'Ready') === undefined ? undefined : now
  })
  // kcp puts one on every object.
  const { 'kcp.io/cluster': _cluster, ...annotations } = object.metadata.annotations ?? {}
  expect(annotations).toEqual({ 'broker.platform-mesh.io/provider-cluster': alpha.cluster })
  expect(object.metadata.finalizers).toEqual(['broker.platform-mesh.io/finalizer'])
  expect(object.status?.conditions?.map(({ type }) => type)).toEqual(['Placed', 'Ready', 'Synced'])
  expect(conditionOf(object, 'Placed')?.status).toBe('True')
})
