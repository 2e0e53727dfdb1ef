import { Assignment, annotations, fieldManager, originAnnotations } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findViolations } from '../support/checker.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import { putSecret } from '../support/provider-controller.ts'
import {
  assignmentOf,
  copyAt,
  create,
  gone,
  patchSpec,
  read,
  secretOf,
  secretRef,
  served,
  thing,
  thingRef,
} from '../support/things.ts'

const world = useWorld({
  prepare: async (landscape) => {
    const { consumer } = landscape.consumers as { consumer: typeof world.consumer }
    await create(consumer, thing('before', { size: 'small', secret: true }))
    // The checker itself can fail: here is an object that nobody has placed yet.
    expect(await findViolations(landscape)).toEqual(['consumer: before is accepted by alpha and has no Assignment'])
  },
})

beforeEach(async () => {
  const { consumer, alpha } = world
  await create(consumer, thing('one', { size: 'small', secret: true, value: 1 }))
  await served(consumer, 'one', alpha)
  await expectRecovered(world)
})
afterEach(() => clear(world))

const SECRET_AWAY = 'one: its Secret one-secret was away'

/** Waits until the same object has other content, in the words of `content`. */
async function untilSecret(content: Record<string, string>): Promise<void> {
  await waitFor(`the Secret says ${JSON.stringify(content)}`, async () => {
    const found = await secretOf(world.consumer, 'one-secret')
    return found !== undefined && JSON.stringify(found) === JSON.stringify(content)
  })
}

/** Where the copy at alpha is. */
const copyOfOne = () => copyAt(world.alpha, world.consumer, 'one')

test('a copy that the broker applied without an Assignment is removed, and nothing else with it', async () => {
  const { consumer, beta } = world
  // In a kcp there is a place for copies at beta from then on.
  await create(consumer, thing('two', { size: 'large' }))
  await served(consumer, 'two', beta)
  const [at, copy] = copyAt(beta, consumer, 'nobody')
  const origin = originAnnotations({ ...consumer, namespace: 'default', name: 'nobody' }, beta.cluster)
  const id = (await read(...copyOfOne()))?.metadata.annotations?.[annotations.brokerID] ?? ''
  const notes = { ...origin, [annotations.brokerID]: id }
  await at.kube.apply(copy, thing(copy.name, { size: 'large' }, { annotations: notes }), { fieldManager, force: true })
  await gone(at, copy)
  // Another broker with the same provider has copies there too, of consumers that this one does not know.
  const [, theirs] = copyAt(beta, consumer, 'theirs')
  const others = { ...originAnnotations({ ...consumer, namespace: 'default', name: 'theirs' }, beta.cluster) }
  const stays = thing(theirs.name, { size: 'large' }, { annotations: { ...others, [annotations.brokerID]: 'another' } })
  await at.kube.apply(theirs, stays, { fieldManager, force: true })
  const foreign = thing('foreign', { size: 'large' })
  await at.kube.apply(thingRef('foreign'), foreign, { fieldManager: 'somebody' })
  await patchSpec(consumer, thingRef('one'), { size: 'large' })
  await served(consumer, 'one', beta)
  expect((await read(at, thingRef('foreign')))?.spec).toEqual({ size: 'large' })
  expect((await read(at, theirs))?.metadata.deletionTimestamp).toBeUndefined()
  for (const ref of [thingRef('foreign'), theirs]) await at.kube.delete(ref)
  await expectMadeWithoutAssignment('nobody')
  await expectMadeWithoutAssignment('theirs')
  await expectRecovered(world)
})

/** The observer saw the copy that this test made by hand: it can fail. */
async function expectMadeWithoutAssignment(name: string): Promise<void> {
  expect(world.observer.violations.splice(0, 1)).toEqual([`${name}: the copy at beta is made without an Assignment`])
}

test('an Assignment that is deleted by hand comes back with the same provider, and the copy stays', async () => {
  const { landscape, consumer, observer } = world
  const before = await assignmentOf(landscape, consumer, 'one')
  const copy = await read(...copyOfOne())
  await landscape.platform.kube.delete({ ...Assignment.resource, name: before?.metadata.name ?? '' })
  const after = await waitFor('the Assignment is back', async () => {
    const found = await assignmentOf(landscape, consumer, 'one')
    return found?.metadata.uid === before?.metadata.uid ? undefined : found
  })
  expect(after.spec).toEqual(before?.spec)
  const seen = observer.violations.splice(0)
  expect(seen).toEqual([
    'one: the Assignment is removed while the object lives',
    'one: the Assignment is removed while its copy is at alpha',
  ])
  await expectRecovered(world)
  expect((await read(...copyOfOne()))?.metadata.uid).toBe(copy?.metadata.uid)
})

test('a copy that is deleted by hand comes back', async () => {
  const { observer } = world
  const [at, copy] = copyOfOne()
  const before = await read(at, copy)
  await at.kube.delete(copy)
  await waitFor('the copy is back', async () => {
    const found = await read(at, copy)
    return found !== undefined && found.metadata.uid !== before?.metadata.uid
  })
  const seen = observer.violations.splice(0)
  expect(seen).toContain('one: the copy at alpha is removed while that provider is Active')
  expect(seen.filter((violation) => !violation.includes('the copy at alpha'))).toEqual(
    seen.includes(SECRET_AWAY) ? [SECRET_AWAY] : [], // its operator takes the Secret along
  )
  await expectRecovered(world)
})

test("the consumer's Secret comes back when it is deleted, and its content when it is edited", async () => {
  const { consumer, observer } = world
  await consumer.kube.delete(secretRef('one-secret'))
  await waitFor('the Secret is back', () => secretOf(consumer, 'one-secret'))
  // Its watch may be a moment behind.
  await waitFor('the observer saw that it was away', () => observer.violations.length > 0)
  expect(observer.violations.splice(0)).toEqual([SECRET_AWAY])
  const data = { from: Buffer.from('forged').toString('base64'), more: '' }
  await consumer.kube.mergePatch(secretRef('one-secret'), { data })
  await untilSecret({ from: 'alpha/1' })
  await expectRecovered(world)
})

test("a rotated Secret of the provider's travels", async () => {
  const [at, copy] = copyOfOne()
  await putSecret(at, 'default', `${copy.name}-secret`, { from: 'rotated', next: 'key' })
  await untilSecret({ from: 'rotated', next: 'key' })
  await expectRecovered(world)
})

test("a provider's edit of what the consumer asked for is repaired", async () => {
  const [at, copy] = copyOfOne()
  await at.kube.mergePatch(copy, { spec: { value: 'mine', size: null } }, { fieldManager: 'provider' })
  await waitFor('the copy is as the consumer wants it', async () => {
    const { spec } = (await read(at, copy)) ?? {}
    return spec?.['value'] === 1 && spec['size'] === 'small'
  })
  await expectRecovered(world)
})

test("a field that the consumer removes goes from the copy, and the provider's own fields stay", async () => {
  const { consumer, alpha } = world
  await patchSpec(consumer, thingRef('one'), { extra: { a: 1, b: 2 } })
  await served(consumer, 'one', alpha)
  const [at, ref] = copyOfOne()
  await at.kube.mergePatch(ref, { spec: { assigned: '10.0.0.1' } }, { fieldManager: 'provider' })
  await patchSpec(consumer, thingRef('one'), { extra: { a: null }, value: null })
  const copy = await waitFor('the fields are gone', async () => {
    const found = await read(at, ref)
    return found?.metadata.annotations?.[annotations.consumerGeneration] === '3' ? found : undefined
  })
  expect(copy.spec).toEqual({ size: 'small', secret: true, extra: { b: 2 }, assigned: '10.0.0.1' })
  await at.kube.mergePatch(ref, { spec: { assigned: null } }, { fieldManager: 'provider' })
  await expectRecovered(world)
})

test('a finalizer that somebody takes off is put back', async () => {
  const { consumer } = world
  await consumer.kube.mergePatch(thingRef('one'), { metadata: { finalizers: null } }, { fieldManager: 'somebody' })
  await waitFor(
    'the finalizer is back',
    async () => (await read(consumer, thingRef('one')))?.metadata.finalizers?.length === 1,
  )
  await expectRecovered(world)
})
