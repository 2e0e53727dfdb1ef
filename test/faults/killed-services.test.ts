import { Assignment } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { waitFor } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { ENGINE_SERVICES } from '../support/broker.ts'
import { burst } from '../support/burst.ts'
import { untilConsistent } from '../support/checker.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import { putSecret } from '../support/provider-controller.ts'
import {
  assignmentOf,
  copyAt,
  create,
  eventsAbout,
  gone,
  read,
  secretOf,
  secretRef,
  thing,
  thingRef,
} from '../support/things.ts'

const world = useWorld()

test.each(ENGINE_SERVICES)(
  'nothing is lost when the %s is killed in the middle of a burst and starts again',
  async (name) => {
    const service = world.service(name)
    const before = service.pid
    await burst(world, async () => {
      await service.kill('SIGKILL')
      await service.start()
    })
    await expectRecovered(world)
    expect(service.pid).not.toBe(before)
    await clear(world)
  },
)

test('what happens while no workspace-watcher runs is seen when it starts again', async () => {
  const { landscape, consumer, alpha, observer } = world
  const names = [
    'kept',
    'secret-gone',
    'copy-gone',
    'assignment-gone',
    'rotated',
    'made-anew',
    'deleted',
    'finalizer-off',
  ]
  for (const name of names) await create(consumer, thing(name, { size: 'small', secret: true, value: 1 }))
  await expectRecovered(world)
  const watcher = world.service('workspace-watcher')
  await watcher.kill('SIGKILL')
  await consumer.kube.delete(secretRef('secret-gone-secret'))
  await removeCopy('copy-gone')
  const assignment = await assignmentOf(landscape, consumer, 'assignment-gone')
  await landscape.platform.kube.delete({ ...Assignment.resource, name: assignment?.metadata.name ?? '' })
  const [at, copy] = copyAt(alpha, consumer, 'rotated')
  await putSecret(at, 'default', `${copy.name}-secret`, { from: 'rotated' })
  for (const name of ['made-anew', 'finalizer-off']) {
    await consumer.kube.mergePatch(thingRef(name), { metadata: { finalizers: null } })
  }
  await consumer.kube.delete(thingRef('made-anew'))
  await create(consumer, thing('made-anew', { size: 'large', secret: true, value: 2 }))
  await consumer.kube.delete(thingRef('deleted'))
  observer.violations.splice(0) // all by hand
  await watcher.start()
  await untilConsistent(landscape)
  expect(await secretOf(consumer, 'rotated-secret')).toEqual({ from: 'rotated' })
  await clear(world)
})

test('an Assignment that somebody deletes while no placement-scheduler runs costs no copy', async () => {
  const { landscape, consumer, alpha, observer } = world
  await create(consumer, thing('unrecorded', { size: 'small', secret: true, value: 1 }))
  await expectRecovered(world)
  const [at, ref] = copyAt(alpha, consumer, 'unrecorded')
  const uid = async () => (await at.kube.get<KubeObject>(ref)).metadata.uid
  const [object, before] = [await read(consumer, thingRef('unrecorded')), await uid()]
  const scheduler = world.service('placement-scheduler')
  await scheduler.kill('SIGKILL')
  const assignment = await assignmentOf(landscape, consumer, 'unrecorded')
  await landscape.platform.kube.delete({ ...Assignment.resource, name: assignment?.metadata.name ?? '' })
  await waitFor('the Event that tells of it', async () =>
    (await eventsAbout(consumer, object?.metadata.uid)).includes('CopyKept'),
  )
  observer.violations.splice(0) // by hand
  await scheduler.start()
  await expectRecovered(world)
  expect(await uid()).toBe(before)
  await clear(world)
})

test('an object is let go also when the provider-syncer died between its last two steps', async () => {
  const { landscape, consumer, observer } = world
  for (const name of ['leaving', 'staying']) await create(consumer, thing(name, { size: 'small', secret: true }))
  await expectRecovered(world)
  const syncer = world.service('provider-syncer')
  await syncer.kill('SIGKILL')
  const assignment = await assignmentOf(landscape, consumer, 'leaving')
  await consumer.kube.delete(thingRef('leaving'))
  await removeCopy('leaving')
  await consumer.kube.delete(secretRef('leaving-secret'))
  await landscape.platform.kube.delete({ ...Assignment.resource, name: assignment?.metadata.name ?? '' })
  await syncer.start()
  await gone(consumer, thingRef('leaving'))
  expect(observer.violations.splice(0)).toEqual([])
  await expectRecovered(world)
  await clear(world)
})

/** By hand, from where alpha has it. */
async function removeCopy(name: string): Promise<void> {
  const [at, copy] = copyAt(world.alpha, world.consumer, name)
  await at.kube.delete(copy)
}
