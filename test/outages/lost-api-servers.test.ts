import { waitFor } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { burst, createThings } from '../support/burst.ts'
import { clear, expectRecovered, usePlanes } from '../support/fault-world.ts'
import { FLOWING_RATIO, livesOf, outage } from '../support/outages.ts'
import { create, patchSpec, served, thing, thingRef } from '../support/things.ts'

const world = usePlanes()

const sites = { platform: () => world.landscape.platform, consumer: () => world.consumer, provider: () => world.alpha }
test.each(Object.entries(sites))(
  'nothing is lost when the API server of the %s crashes in the middle of a burst, and is restarted again',
  async (_, site) => {
    await burst(world, async () => {
      await site().restartApiServer({ crash: true })
      await createThings(world, `after-crash-of-${site().name}`, 10)
      await site().restartApiServer()
    })
    await expectRecovered(world)
    await clear(world)
  },
)

const UNREACHABLE_MS = 20_000

test('a provider can be unreachable for 20 s in the middle of a burst, and objects of the other go on flowing', async () => {
  const { consumer, alpha, beta } = world
  const lives = (name: string) => livesOf(name, consumer, beta, 'large')
  let [before, during] = [0, 0]
  await burst(world, async () => {
    before = await lives('flows-before')
  })
  await burst(world, async () => {
    alpha.apiServer.pause()
    try {
      ;[during] = await Promise.all([lives('flows'), outage(UNREACHABLE_MS)])
    } finally {
      alpha.apiServer.resume()
    }
  })
  expect(during).toBeLessThan(before * FLOWING_RATIO)
  await expectRecovered(world)
  await clear(world)
})

test('what was asked of an unreachable provider alone waits and is done when it answers', async () => {
  const { consumer, alpha } = world
  await create(consumer, thing('waits', { size: 'small', value: 1 }))
  await served(consumer, 'waits', alpha)
  alpha.apiServer.pause()
  try {
    await patchSpec(consumer, thingRef('waits'), { value: 2 })
    await create(consumer, thing('waits-too', { size: 'small', value: 3 }))
    await waitFor('the other is placed', async () => {
      const object = await consumer.kube.get<{ metadata: { finalizers?: string[] } }>(thingRef('waits-too'))
      return object.metadata.finalizers !== undefined
    })
  } finally {
    alpha.apiServer.resume()
  }
  await expectRecovered(world)
  await clear(world)
})
