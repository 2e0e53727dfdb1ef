import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, usePlanes } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import {
  conditionOf,
  copyRef,
  create,
  offer,
  patchSpec,
  read,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

const fileOf = (dir: string, name: string) => join(dir, 'kubeconfigs/providers', `${name}.kubeconfig`)
const world = usePlanes({
  furtherProviders: ['gamma'],
  prepare: async ({ dir, providers }) => {
    await rm(fileOf(dir, 'gamma'))
    await offer(providers['gamma'] as Site, 'huge', { filters: [{ key: 'size', valueIn: ['huge'] }] })
  },
})
let gamma: Site
beforeAll(() => {
  gamma = world.landscape.providers['gamma'] as Site
})

const arrive = () => symlink(gamma.kubeconfig, fileOf(world.landscape.dir, 'gamma'))
const leave = () => rm(fileOf(world.landscape.dir, 'gamma'))

test('an object that nobody accepts is placed when the kubeconfig of a provider that does appears', async () => {
  const { consumer } = world
  await burst(world, async () => {
    await create(consumer, thing('waiting', { size: 'huge', value: 1 }))
    await told(consumer, 'waiting', 'Placed', 'False', 'NoProviderAccepts')
    await arrive()
  })
  await served(consumer, 'waiting', gamma)
  await expectRecovered(world)
})

test('objects stay where they are when the kubeconfig of their provider leaves, new ones are refused, and all goes on when it returns', async () => {
  const { consumer } = world
  await leave()
  await told(consumer, 'waiting', 'Synced', 'False', 'NotAccepted')
  await patchSpec(consumer, thingRef('waiting'), { value: 'changed while away' })
  await create(consumer, thing('late', { size: 'huge', value: 2 }))
  await told(consumer, 'late', 'Placed', 'False', 'NoProviderAccepts')
  expect(conditionOf(await read(consumer, thingRef('waiting')), 'Placed')?.status).toBe('True')
  expect((await read(gamma, copyRef(consumer, 'waiting')))?.spec).toEqual({ size: 'huge', value: 1 })
  await arrive()
  await served(consumer, 'late', gamma)
  await served(consumer, 'waiting', gamma)
  await expectRecovered(world)
  await clear(world)
})
