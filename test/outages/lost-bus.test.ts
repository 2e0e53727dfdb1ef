import { expect, test } from 'vitest'
import { burst, createThings } from '../support/burst.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import { deleteStreams, outage, STREAMS, streamsMade } from '../support/outages.ts'
import { patchSpec, served, thingRef } from '../support/things.ts'

const world = useWorld()

test('every stream and bucket can be deleted in the middle of a burst', async () => {
  await burst(world, async () => {
    expect(await deleteStreams(world)).toEqual(STREAMS)
  })
  await expectRecovered(world)
  await clear(world)
})

test('every stream and bucket can be deleted in quiet, and changes after it are served', async () => {
  const { consumer, alpha, beta } = world
  await createThings(world, 'quiet', 20)
  await expectRecovered(world)
  const before = await streamsMade(world)
  const deleted = await deleteStreams(world)
  await expect
    .poll(async () => [...(await streamsMade(world)).keys()].sort(), { timeout: 30_000 })
    .toEqual(deleted.sort())
  const after = await streamsMade(world)
  for (const name of deleted) expect(after.get(name)).not.toBe(before.get(name))
  await patchSpec(consumer, thingRef('quiet-new-0'), { value: 'changed' })
  await patchSpec(consumer, thingRef('quiet-new-2'), { size: 'large' })
  await served(consumer, 'quiet-new-0', alpha)
  await served(consumer, 'quiet-new-2', beta)
  await createThings(world, 'later', 20)
  await expectRecovered(world)
  await clear(world)
})

test('NATS can be away for 10 s in the middle of a burst', async () => {
  const { process: nats } = world.landscape.nats
  await burst(world, async () => {
    await nats.stop()
    await outage(10_000)
    await nats.start()
  })
  await expectRecovered(world)
  await clear(world)
})
