import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Landscape, Site } from '../support/landscape.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  configureMoves,
  create,
  instruct,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  roundTrip,
  served,
  thing,
  thingRef,
  told,
  untilRefused,
} from '../support/things.ts'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme'], providers: ['alpha', 'beta'] })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await offerCondition(alpha, 'small', 'True', 'Indexed')
  await offerCondition(beta, 'large', 'True', 'Indexed')
})

afterAll(() => scene?.stop())

const setUnschedulable = (provider: Site, unschedulable: boolean) =>
  instruct(landscape.platform, provider, { unschedulable })

/** Cordons the only provider that takes a size, and waits until the broker has heard: an object made for trying it is not placed. */
async function cordon(provider: Site, size: string): Promise<void> {
  await setUnschedulable(provider, true)
  await untilRefused(acme, `${provider.name} is cordoned`, (name) => thing(name, { size }))
}

test('nothing comes to a cordoned provider, what is there is kept in sync, and what waits comes once it is uncordoned', async () => {
  await create(acme, thing('stays', { size: 'small' }))
  await create(acme, thing('mover', { size: 'large' }))
  await served(acme, 'stays', alpha)
  await served(acme, 'mover', beta)
  await cordon(alpha, 'small')
  await create(acme, thing('waits', { size: 'small' }))
  const { message } = await told(acme, 'waits', 'Placed', 'False', 'NoProviderAccepts')
  expect(message).toBe(
    `0 of 2 offers: 1 cordoned, 1 valueIn; ${alpha.cluster}/small: cordoned wants a provider that takes new objects, got spec.unschedulable; ${beta.cluster}/large: size: valueIn wants one of "large", got "small"`,
  )
  await patchSpec(acme, thingRef('mover'), { size: 'small' })
  const stuck = await told(acme, 'mover', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(stuck.message).toContain(
    `stays at ${beta.cluster}, nobody accepts it as it is now: 0 of 2 offers: 1 cordoned, 1 valueIn; `,
  )
  await roundTrip(acme, 'stays', alpha)
  expect(await migrationsOf(landscape, acme, 'stays')).toEqual([])
  await setUnschedulable(alpha, false)
  await served(acme, 'waits', alpha)
  await served(acme, 'mover', alpha)
  await told(acme, 'mover', 'Placed', 'True', 'Placed')
})

test('a move that has not begun is taken back when its target is cordoned, and asked for again when it is not any more', async () => {
  const configuration = await configureMoves(landscape.platform, 'paused', { paused: true })
  await create(acme, thing('turned', { size: 'small' }))
  await served(acme, 'turned', alpha)
  await patchSpec(acme, thingRef('turned'), { size: 'large' })
  const states = async () => (await migrationsOf(landscape, acme, 'turned')).map(({ status }) => status?.state)
  await waitFor('the move waits', async () => (await states()).join() === 'Pending')
  await cordon(beta, 'large')
  await waitFor('the move is taken back', async () => (await states()).join() === 'RolledBack')
  const { message } = await told(acme, 'turned', 'Placed', 'True', 'ProviderNoLongerAccepts')
  expect(message).toContain('0 of 2 offers: 1 cordoned, 1 valueIn; ')
  expect((await assignmentOf(landscape, acme, 'turned'))?.spec.providerCluster).toBe(alpha.cluster)
  await landscape.platform.kube.delete(configuration)
  await setUnschedulable(beta, false)
  await served(acme, 'turned', beta)
})
