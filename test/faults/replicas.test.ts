import { Assignment } from '@resource-broker/api'
import { watchResource } from '@resource-broker/kube'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import { outage } from '../support/outages.ts'
import {
  conditionOf,
  create,
  offer,
  offerCondition,
  read,
  release,
  thing,
  thingRef,
  withdraw,
} from '../support/things.ts'

const world = useWorld({
  replicas: 2,
  prepare: async ({ providers }) => {
    // Enough for the registry's replicas to share.
    const inert = Array.from({ length: 16 }, (_, index) => `inert-${index}`)
    for (const name of inert)
      await offer(providers['alpha'] as Site, name, { filters: [{ key: 'size', valueIn: [name] }] })
  },
})

test('two replicas of every service share the work, and one of each can be killed in the middle of a burst', async () => {
  await burst(world, async () => {
    for (const [name, replicas] of world.services) {
      const shares = await Promise.all(replicas.map((replica) => workOf(replica)))
      expect(Math.min(...shares), `${name}: ${shares}`).toBeGreaterThan(0)
    }
    await Promise.all([...world.services.keys()].map((name) => world.service(name).kill('SIGKILL')))
  })
  await expectRecovered(world)
  await clear(world)
})

test('the replicas that are left can lose NATS for a while, and those that were killed may come back', async () => {
  await burst(world, async () => {
    await world.landscape.nats.process.stop()
    await outage(6_000) // longer than replicas wait for a word of each other
    await world.landscape.nats.process.start()
    await Promise.all([...world.services.keys()].map((name) => world.service(name).start()))
  })
  await expectRecovered(world)
  for (const replica of [...world.services.values()].flat()) expect(replica.running, replica.spec.name).toBe(true)
  await clear(world)
})

test('of twelve objects created at once an offer of three has three, whichever scheduler is killed, stops or comes back', async () => {
  const { consumer, alpha } = world
  const schedulers = world.services.get('placement-scheduler') ?? []
  await offer(alpha, 'three', { filters: [{ key: 'size', valueIn: ['twelve'] }], capacity: 3 })
  await offerCondition(alpha, 'three', 'True', 'Indexed')
  const most = await mostAt('three')
  const names = Array.from({ length: 12 }, (_, index) => `twelve-${index}`)
  const created = Promise.all(names.map((name) => create(consumer, thing(name, { size: 'twelve' }))))
  for (const scheduler of schedulers) {
    await scheduler.kill('SIGKILL')
    await scheduler.start()
  }
  await created
  const first = await placedOf(names, 3)
  for (const scheduler of schedulers) {
    await scheduler.stop()
    await scheduler.start()
  }
  const leaving = Promise.all(first.map((name) => release(consumer, name)))
  await schedulers[0]?.kill('SIGKILL')
  await leaving
  await schedulers[0]?.start()
  const others = names.filter((name) => !first.includes(name))
  const next = await placedOf(others, 3)
  expect(next.filter((name) => first.includes(name))).toEqual([])
  expect(most()).toBe(3)
  await Promise.all(others.map((name) => release(consumer, name)))
  await withdraw(alpha, 'three')
  await clear(world)
})

/** Watches Assignments; answers how many there were at most at once that name this AcceptAPI. */
async function mostAt(acceptAPI: string): Promise<() => number> {
  const there = new Set<string>()
  let most = 0
  const stopping = new AbortController()
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const upsert = (object: object) => {
    const { metadata, spec } = object as Assignment
    if (spec.acceptAPIName === acceptAPI) there.add(metadata.name)
    most = Math.max(most, there.size)
  }
  const handler = { upsert, delete: ({ name }: { name: string }) => void there.delete(name), synced: resolve }
  watchResource(world.landscape.platform.kube, Assignment.resource, handler, { signal: stopping.signal })
  await synced
  return () => {
    stopping.abort()
    return most
  }
}

/** Those that are placed, once so many are and all others say that they are not. */
async function placedOf(names: string[], count: number): Promise<string[]> {
  return await waitFor(`${count} are placed and the others refused`, async () => {
    const objects = await Promise.all(names.map((name) => read(world.consumer, thingRef(name))))
    const placed = names.filter((_, index) => conditionOf(objects[index], 'Placed')?.status === 'True')
    const refused = names.filter((_, index) => conditionOf(objects[index], 'Placed')?.status === 'False')
    return placed.length === count && refused.length === names.length - count ? placed : undefined
  })
}

/** Keys that a replica has reconciled, or for the watcher the snapshots that it has published. */
async function workOf({ spec }: ManagedProcess): Promise<number> {
  const address = spec.args[spec.args.indexOf('--http-address') + 1]
  const exposition = await (await fetch(`http://${address}/metrics`)).text()
  const counts = exposition.matchAll(
    /^(?:broker_reconcile_seconds_count|broker_snapshots_published_total)\{[^}]*\} (\d+)/gm,
  )
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}
