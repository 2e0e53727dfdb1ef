import { annotations, copyName, keyOf, labels } from '@resource-broker/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  copyRef,
  create,
  gone,
  migrationsOf,
  offer,
  read,
  release,
  roundTrip,
  secretOf,
  secretRef,
  served,
  thing,
  thingRef,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, globex, alpha, beta] = [] as unknown as [Site, Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme', 'globex'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, globex, alpha, beta] = [scene.site('acme'), scene.site('globex'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
})

afterAll(() => scene?.stop())

/** Every annotation and label of the broker, all lies. */
const lies = {
  annotations: {
    ...Object.fromEntries(Object.values(annotations).map((name) => [name, 'lie'])),
    [annotations.consumerCluster]: 'globex',
    [annotations.consumerName]: 'neighbour',
    [annotations.consumerNamespace]: 'default',
    [annotations.providerCluster]: 'beta',
    [annotations.consumerGeneration]: '99',
  },
  labels: Object.fromEntries(Object.values(labels).map((name) => [name, 'f'.repeat(32)])),
}

test("annotations and labels on a consumer's object, at its creation or later, route nothing and reach nobody else", async () => {
  await create(globex, thing('neighbour', { size: 'small', secret: true, value: 'of globex' }))
  await served(globex, 'neighbour', alpha)
  const neighbour = await read(alpha, copyRef(globex, 'neighbour'))

  await create(acme, thing('liar', { size: 'small' }, lies))
  await served(acme, 'liar', alpha)
  await acme.kube.mergePatch(thingRef('liar'), { metadata: { annotations: { ...lies.annotations, further: 'lie' } } })
  await roundTrip(acme, 'liar', alpha)

  const copy = await read(alpha, copyRef(acme, 'liar'))
  expect(copy?.metadata.annotations).toMatchObject({
    [annotations.consumerCluster]: 'acme',
    [annotations.consumerName]: 'liar',
    [annotations.providerCluster]: 'alpha',
  })
  expect(copy?.metadata.labels).toBeUndefined()
  expect((await assignmentOf(landscape, acme, 'liar'))?.spec.providerCluster).toBe('alpha')
  expect(await migrationsOf(landscape, acme, 'liar')).toEqual([])
  expect((await beta.kube.list(THING)).items).toEqual([])
  expect(await read(alpha, copyRef(globex, 'neighbour'))).toEqual(neighbour)
  await release(acme, 'liar')
  await gone(alpha, copyRef(acme, 'liar'))
  expect(await read(alpha, copyRef(globex, 'neighbour'))).toEqual(neighbour)
})

test("a consumer's own Secret that carries the label of a related object stays, whoever's key the label holds", async () => {
  await create(acme, thing('victim', { size: 'small', secret: true, value: 'true' }))
  await served(acme, 'victim', alpha)
  await expect.poll(() => secretOf(acme, 'victim-secret')).toEqual({ from: 'alpha/true' })
  const label = { [labels.relatedTo]: keyOf({ cluster: 'acme', gvr: THING, namespace: 'default', name: 'victim' }) }
  for (const consumer of [acme, globex]) {
    await putSecret(consumer, 'default', 'mine', { content: 'mine' })
    await consumer.kube.mergePatch(secretRef('mine'), { metadata: { labels: label } })
  }
  await roundTrip(acme, 'victim', alpha)
  await roundTrip(globex, 'neighbour', alpha)
  expect(await secretOf(acme, 'mine')).toEqual({ content: 'mine' })
  await release(acme, 'victim')
  await gone(alpha, copyRef(acme, 'victim'))
  await gone(acme, secretRef('victim-secret'))
  expect(await secretOf(acme, 'mine')).toEqual({ content: 'mine' })
  expect(await secretOf(globex, 'mine')).toEqual({ content: 'mine' })
  expect(await secretOf(globex, 'neighbour-secret')).toEqual({ from: 'alpha/of globex' })
})

test('a status that the consumer writes itself is put right', async () => {
  await create(acme, thing('boast', { size: 'small', fail: true }))
  await expect.poll(async () => (await read(acme, thingRef('boast')))?.status?.['status']).toBe('Failed')
  await acme.kube.mergePatch(
    thingRef('boast'),
    { status: { status: 'Available', from: 'myself' } },
    { subresource: 'status' },
  )
  await expect
    .poll(async () => (await read(acme, thingRef('boast')))?.status)
    .toMatchObject({ status: 'Failed', from: 'alpha' })
})

test('two consumers with objects of one name have two copies', async () => {
  for (const [consumer, value] of [
    [acme, 'a'],
    [globex, 'b'],
  ] as const) {
    await create(consumer, thing('twin', { size: 'small', secret: true, value }))
    await served(consumer, 'twin', alpha)
  }
  expect(copyName('acme', 'twin')).not.toBe(copyName('globex', 'twin'))
  await expect.poll(() => secretOf(acme, 'twin-secret')).toEqual({ from: 'alpha/a' })
  await expect.poll(() => secretOf(globex, 'twin-secret')).toEqual({ from: 'alpha/b' })
  await release(acme, 'twin')
  expect((await served(globex, 'twin', alpha)).spec['value']).toBe('b')
  expect(await secretOf(globex, 'twin-secret')).toEqual({ from: 'alpha/b' })
})
