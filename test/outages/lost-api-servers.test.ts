import { waitFor } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { burst, createThings } from '../support/burst.ts'
import { clear, expectRecovered, usePlanes } from '../support/fault-world.ts'
import { outage } from '../support/outages.ts'
import { create, gone, patchSpec, served, thing, thingRef } from '../support/things.ts'

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

/** How long the life of an object of the other provider may take while one provider does not answer: less than one request waits for an answer. */
const FLOWING_MS = 8_000
const UNREACHABLE_MS = 20_000

test('a provider can be unreachable for 20 s in the middle of a burst, and objects of the other go on flowing', async () => {
  const { consumer, alpha, beta } = world
  const flowed: number[] = []
  await burst(world, async () => {
    alpha.apiServer.pause()
    const end = performance.now() + UNREACHABLE_MS
    const over = outage(UNREACHABLE_MS).then(() => alpha.apiServer.resume())
    for (let round = 0; performance.now() < end; round++) flowed.push(await oneFlows(round))
    await over
  })
  expect(flowed.length).toBeGreaterThan(5)
  expect(Math.max(...flowed)).toBeLessThan(FLOWING_MS)
  await expectRecovered(world)
  await clear(world)

  /** Creates an object at the provider that answers, changes and deletes it. Resolves to the milliseconds that it took. */
  async function oneFlows(round: number): Promise<number> {
    const name = `flows-${round}`
    const since = performance.now()
    await create(consumer, thing(name, { size: 'large', secret: true, value: round }))
    await served(consumer, name, beta)
    await patchSpec(consumer, thingRef(name), { value: 'changed' })
    await served(consumer, name, beta)
    await consumer.kube.delete(thingRef(name))
    await gone(consumer, thingRef(name))
    return performance.now() - since
  }
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
