import type { ManagedProcess } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, useWorld } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import { outage } from '../support/outages.ts'
import { offer } from '../support/things.ts'

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

/** Keys that a replica has reconciled, or for the watcher the snapshots that it has published. */
async function workOf({ spec }: ManagedProcess): Promise<number> {
  const address = spec.args[spec.args.indexOf('--http-address') + 1]
  const exposition = await (await fetch(`http://${address}/metrics`)).text()
  const counts = exposition.matchAll(
    /^(?:broker_reconcile_seconds_count|broker_snapshots_published_total)\{[^}]*\} (\d+)/gm,
  )
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}
