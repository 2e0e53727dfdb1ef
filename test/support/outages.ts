import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Layout } from '@resource-broker/bus'
import type { World } from './fault-world.ts'
import { ENGINE, type Site } from './landscape.ts'
import { create, patchSpec, release, served, thing, thingRef } from './things.ts'

/** The time that an outage lasts: it is the fault itself, nothing is waited for. */
export function outage(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * How much longer lives may take during an outage that does not concern them than while all is well. A life that waits for an answer that
 * does not come takes ten seconds more, many times what it takes on a machine of its own.
 */
export const FLOWING_RATIO = 4

const LIVES = 6

/** Lives one after another, named `NAME-0` and so on. Resolves to the milliseconds that the middle one of them took. */
export async function livesOf(name: string, consumer: Site, provider: Site, size: string): Promise<number> {
  const took: number[] = []
  for (let i = 0; i < LIVES; i++) took.push(await lifeOf(`${name}-${i}`, consumer, provider, size))
  return took.sort((a, b) => a - b)[LIVES / 2] as number
}

/** Creates an object for one provider, changes and deletes it. Resolves to the milliseconds that it took. */
async function lifeOf(name: string, consumer: Site, provider: Site, size: string): Promise<number> {
  const since = performance.now()
  await create(consumer, thing(name, { size, secret: true, value: 1 }))
  await served(consumer, name, provider)
  await patchSpec(consumer, thingRef(name), { value: 'changed' })
  await served(consumer, name, provider)
  await release(consumer, name)
  return performance.now() - since
}

/** What the broker has on its NATS server by default. */
const { stream, parkedStream, offersBucket, endpointsBucket } = new Layout('broker', 8)
/** Streams and buckets that the broker has here. */
export const STREAMS = [
  ...[stream, parkedStream, `KV_${offersBucket}`],
  ...(ENGINE === 'kcp' ? [`KV_${endpointsBucket}`] : []),
]

/** Deletes every stream and bucket under the running services; answers the names of those that there were. */
export async function deleteStreams({ landscape }: Pick<World, 'landscape'>): Promise<string[]> {
  const connection = await connect({ servers: landscape.nats.url })
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 30_000 })
    const there = new Set<string>()
    for await (const { config } of streams.list()) there.add(config.name)
    const deleted: string[] = []
    for (const name of STREAMS) if (there.has(name) && (await streams.delete(name))) deleted.push(name)
    return deleted
  } finally {
    await connection.close()
  }
}

/** The streams that there are, with the time at which each was made. */
export async function streamsMade({ landscape }: World): Promise<Map<string, string>> {
  const connection = await connect({ servers: landscape.nats.url })
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 30_000 })
    const made = new Map<string, string>()
    for await (const { config, created } of streams.list()) made.set(config.name, created)
    return made
  } finally {
    await connection.close()
  }
}
