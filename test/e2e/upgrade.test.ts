import { Assignment, fieldManager, finalizer } from '@resource-broker/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  copyAt,
  create,
  offer,
  read,
  release,
  roundTrip,
  served,
  thing,
  thingRef,
} from '../support/things.ts'

/** The name that the version before gave: its keys held the version of the API. */
const OLD = `assignment-${'0'.repeat(32)}`

let scene: Scene
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

/** An object that the version before has placed at a provider. */
async function placeAsBefore(landscape: Landscape, consumer: Site, name: string, provider: Site): Promise<void> {
  const { apiVersion, kind, metadata } = await create(consumer, thing(name, { value: 1 }))
  const { namespace, uid } = metadata
  const guarded = { apiVersion, kind, metadata: { name, namespace, uid, finalizers: [finalizer] } }
  await consumer.kube.apply(thingRef(name), guarded, { fieldManager, force: true })
  const of = { consumerCluster: consumer.cluster, gvr: THING, namespace: 'default', name, uid }
  await landscape.platform.kube.create(Assignment.resource, {
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: { name: OLD },
    spec: { ...of, providerCluster: provider.cluster, acceptAPIName: 'things' },
    status: { phase: 'Bound' },
  })
}

beforeAll(async () => {
  const before = async (landscape: Landscape) => {
    const [consumer, first, second] = [
      landscape.consumers['acme'],
      landscape.providers['alpha'],
      landscape.providers['beta'],
    ]
    await offer(first as Site, 'things', { weight: 2 })
    await offer(second as Site, 'things', { weight: 1 })
    await placeAsBefore(landscape, consumer as Site, 'kept', second as Site)
  }
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'], before })
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
})

afterAll(() => scene?.stop())

async function placements(): Promise<string[]> {
  const { items } = await scene.landscape.platform.kube.list<Assignment>({ ...Assignment.resource })
  return items.map(({ metadata }) => metadata.name)
}

test('an object that the version before placed stays where it is, after each restart, until it is deleted', async () => {
  await served(acme, 'kept', beta)
  const { uid } = (await read(...copyAt(beta, acme, 'kept')))?.metadata ?? {}
  for (const restart of [false, true]) {
    if (restart) await scene.restartBroker([])
    await roundTrip(acme, 'kept', beta)
    expect(await placements()).toEqual([OLD])
    expect((await read(...copyAt(beta, acme, 'kept')))?.metadata.uid).toBe(uid)
  }
  await release(acme, 'kept')
  expect(await placements()).toEqual([])
})

test('the next object of its name is placed anew, as any other', async () => {
  await create(acme, thing('kept', { value: 2 }))
  await served(acme, 'kept', alpha)
  await roundTrip(acme, 'kept', alpha)
  expect(await placements()).toEqual([(await assignmentOf(scene.landscape, acme, 'kept'))?.metadata.name])
  await release(acme, 'kept')
})
