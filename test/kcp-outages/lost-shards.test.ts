import { expect, test } from 'vitest'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, useKcp } from '../support/fault-world.ts'
import { outage } from '../support/outages.ts'

const world = useKcp()

test('a shard with consumers, providers and copies can be away for 20 s in the middle of a burst', async () => {
  const shard = world.landscape.sandbox.shards.find(({ name }) => name === 'shard-1')
  await burst(world, async () => {
    await shard?.stop()
    await outage(20_000)
    await shard?.start()
  })
  expect(world.ledger.shardOf(world.alpha)).toBe('shard-1')
  await expectRecovered(world)
  await clear(world)
})
