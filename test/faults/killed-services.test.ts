import { expect, test } from 'vitest'
import { SERVICES } from '../support/broker.ts'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'

const world = useWorld()

test.each(SERVICES)('nothing is lost when the %s is killed in the middle of a burst and starts again', async (name) => {
  const service = world.service(name)
  const before = service.pid
  await burst(world, async () => {
    await service.kill('SIGKILL')
    await service.start()
  })
  await expectRecovered(world)
  expect(service.pid).not.toBe(before)
  await clear(world)
})
