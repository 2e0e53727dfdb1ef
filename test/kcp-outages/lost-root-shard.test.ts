import { expect, test } from 'vitest'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, useKcp } from '../support/fault-world.ts'
import { FLOWING_RATIO, livesOf, outage } from '../support/outages.ts'
import { copyAt, create, gone, patchSpec, served, thing, thingRef } from '../support/things.ts'

const SHARDS = { group: 'core.kcp.io', version: 'v1alpha1', resource: 'shards' }
const UNSCHEDULABLE = 'experimental.core.kcp.io/unschedulable'

/** All that the neighbour's objects need is on the other shard, as are the workspaces for their copies. */
const world = useKcp({
  placement: { neighbour: 'shard-1', alpha: 'shard-1', beta: 'shard-1', broker: 'shard-1' },
  prepare: async ({ base }) => {
    const metadata = { annotations: { [UNSCHEDULABLE]: 'true' } }
    await base.below('/clusters/root').mergePatch({ ...SHARDS, name: 'root' }, { metadata })
  },
})

const AWAY_MS = 20_000
const root = () => world.landscape.sandbox.shards[0]
const neighbour = () => world.landscape.consumers['neighbour'] as typeof world.consumer

test('a consumer on another shard gets its first objects placed, moved and deleted while the root shard is away', async () => {
  const { alpha, beta } = world
  await root()?.stop()
  try {
    await create(neighbour(), thing('first', { size: 'small', secret: true, value: 1 }))
    await served(neighbour(), 'first', alpha)
    await patchSpec(neighbour(), thingRef('first'), { size: 'large', value: 2 })
    await served(neighbour(), 'first', beta)
    await gone(...copyAt(alpha, neighbour(), 'first'))
    await neighbour().kube.delete(thingRef('first'))
    await gone(neighbour(), thingRef('first'))
  } finally {
    await root()?.start()
  }
  await expectRecovered(world)
})

test('objects of another shard go on flowing while the root shard is away for 20 s in the middle of a burst', async () => {
  const lives = (name: string) => livesOf(name, neighbour(), world.alpha, 'small')
  let [before, during] = [0, 0]
  await burst(world, async () => {
    before = await lives('flows-before')
  })
  await burst(world, async () => {
    await root()?.stop()
    try {
      ;[during] = await Promise.all([lives('flows'), outage(AWAY_MS)])
    } finally {
      await root()?.start()
    }
  })
  expect(during).toBeLessThan(before * FLOWING_RATIO)
  await expectRecovered(world)
  await clear(world)
})
