import {
  Assignment,
  annotations,
  assignmentName,
  copyName,
  fieldManager,
  keyOf,
  originAnnotations,
} from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findViolations } from '../support/checker.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import {
  assignmentOf,
  copyRef,
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

const originSecret = () => `${copyName(world.consumer.name, 'one')}-secret`

test('a copy that the broker applied without an Assignment is removed, and nothing else with it', async () => {
  const { consumer, beta } = world
  const origin = { cluster: 'consumer', namespace: 'default', name: 'nobody' }
  const metadata = {
    name: copyName('consumer', 'nobody'),
    namespace: 'default',
    annotations: originAnnotations(origin, 'beta'),
  }
  const body = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', metadata, spec: { size: 'large' } }
  const ref = thingRef(metadata.name)
  await beta.kube.apply(ref, body, { fieldManager, force: true })
  await gone(beta, ref)
  const foreign = { ...thing('foreign', { size: 'large' }) }
  await beta.kube.apply(thingRef('foreign'), foreign, { fieldManager: 'somebody' })
  await patchSpec(consumer, thingRef('one'), { size: 'large' })
  await served(consumer, 'one', beta)
  expect((await read(beta, thingRef('foreign')))?.spec).toEqual({ size: 'large' })
  await beta.kube.delete(thingRef('foreign'))
  await expectMadeWithoutAssignment('nobody')
  await expectRecovered(world)
})

/** The observer saw the copy that this test made by hand: it can fail. */
async function expectMadeWithoutAssignment(name: string): Promise<void> {
  expect(world.observer.violations.splice(0)).toEqual([`${name}: the copy at beta is made without an Assignment`])
}

test('an Assignment that is deleted by hand comes back with the same provider, and the copy stays', async () => {
  const { landscape, consumer, alpha, observer } = world
  const before = await assignmentOf(landscape, consumer, 'one')
  const copy = await read(alpha, copyRef(consumer, 'one'))
  const name = assignmentName(keyOf({ cluster: 'consumer', gvr: THING, namespace: 'default', name: 'one' }))
  await landscape.platform.kube.delete({ ...Assignment.resource, name })
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
  expect((await read(alpha, copyRef(consumer, 'one')))?.metadata.uid).toBe(copy?.metadata.uid)
})

test('a copy that is deleted by hand comes back', async () => {
  const { consumer, alpha, observer } = world
  const before = await read(alpha, copyRef(consumer, 'one'))
  await alpha.kube.delete(copyRef(consumer, 'one'))
  await waitFor('the copy is back', async () => {
    const found = await read(alpha, copyRef(consumer, 'one'))
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
  const { alpha } = world
  await putSecret(alpha, 'default', originSecret(), { from: 'rotated', next: 'key' })
  await untilSecret({ from: 'rotated', next: 'key' })
  await expectRecovered(world)
})

test("a provider's edit of what the consumer asked for is repaired", async () => {
  const { consumer, alpha } = world
  await alpha.kube.mergePatch(
    copyRef(consumer, 'one'),
    { spec: { value: 'mine', size: null } },
    { fieldManager: 'provider' },
  )
  await waitFor('the copy is as the consumer wants it', async () => {
    const { spec } = (await read(alpha, copyRef(consumer, 'one'))) ?? {}
    return spec?.['value'] === 1 && spec['size'] === 'small'
  })
  await expectRecovered(world)
})

test("a field that the consumer removes goes from the copy, and the provider's own fields stay", async () => {
  const { consumer, alpha } = world
  await patchSpec(consumer, thingRef('one'), { extra: { a: 1, b: 2 } })
  await served(consumer, 'one', alpha)
  await alpha.kube.mergePatch(
    copyRef(consumer, 'one'),
    { spec: { assigned: '10.0.0.1' } },
    { fieldManager: 'provider' },
  )
  await patchSpec(consumer, thingRef('one'), { extra: { a: null }, value: null })
  const copy = await waitFor('the fields are gone', async () => {
    const found = await read(alpha, copyRef(consumer, 'one'))
    return found?.metadata.annotations?.[annotations.consumerGeneration] === '3' ? found : undefined
  })
  expect(copy.spec).toEqual({ size: 'small', secret: true, extra: { b: 2 }, assigned: '10.0.0.1' })
  await alpha.kube.mergePatch(copyRef(consumer, 'one'), { spec: { assigned: null } }, { fieldManager: 'provider' })
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
