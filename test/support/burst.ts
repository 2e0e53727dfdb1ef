import { isAlreadyExists, isNotFound, isTransient } from '@resource-broker/kube'
import { untilConsistent } from './checker.ts'
import type { Observed } from './fault-world.ts'
import type { Site } from './landscape.ts'
import { THING } from './provider-controller.ts'
import { patchSpec, thing, thingRef } from './things.ts'

type Operation = () => Promise<unknown>

/**
 * What a burst does to its 180 objects, one thing to each. Of those created, so many as are hasty move at once after it; of those moved, so
 * many move back at once.
 */
const WHOLE = { created: 90, changed: 36, moved: 30, deleted: 24, hasty: 9 }
type Sizes = typeof WHOLE
/** Operations under way at once. */
const CONSUMERS = 12
const RETRY_MS = 200

let bursts = 0

/** One object of a burst, at one of the consumers. */
type Item = { name: string; index: number; consumer: Site }

/**
 * 180 objects in one go: creations, changes, moves and deletions, mixed. The fault strikes when a third is done, and the rest
 * goes on meanwhile; resolves when both are over. With a `share` it is so much smaller.
 */
export async function burst(
  world: Pick<Observed, 'landscape' | 'consumers'>,
  fault: () => Promise<void> = async () => undefined,
  share = 1,
): Promise<void> {
  const sizes = Object.fromEntries(
    Object.entries(WHOLE).map(([what, count]) => [what, Math.round(count * share)]),
  ) as Sizes
  const round = `b${++bursts}`
  const there = items(world, `${round}-old`, sizes.changed + sizes.moved + sizes.deleted)
  await inParallel(there.map((item) => () => create(item)))
  await untilConsistent(world.landscape)
  const operations = plan(items(world, `${round}-new`, sizes.created), there, sizes)
  const struck = Promise.withResolvers<void>()
  let done = 0
  const counted = operations.map((run) => async () => {
    await run()
    if (++done === Math.round(operations.length / 3)) fault().then(struck.resolve, struck.reject)
  })
  await Promise.all([inParallel(counted), struck.promise])
}

/** Creates so many objects for both providers, as a burst of its own does. */
export async function createThings(world: Pick<Observed, 'consumers'>, prefix: string, count: number): Promise<void> {
  await inParallel(items(world, `${prefix}-new`, count).map((item) => () => create(item)))
}

/** Sizes take turns, and so do the consumers, each with four. */
function items({ consumers }: Pick<Observed, 'consumers'>, prefix: string, count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${prefix}-${index}`,
    index,
    consumer: consumers[Math.floor(index / 4) % consumers.length] as Site,
  }))
}

const sizeOf = (index: number) => (index % 2 === 0 ? 'small' : 'large')
const otherSize = (index: number) => sizeOf(index + 1)

/** The operations on all objects, mixed evenly: each kind is spread over the whole burst. */
function plan(fresh: Item[], there: Item[], { changed: changes, moved: moves, hasty }: Sizes): Operation[] {
  const created = fresh.map((item) => async () => {
    await create(item)
    if (item.index < hasty) await change(item, { size: otherSize(item.index) })
  })
  const changed = there.slice(0, changes).map((item) => () => change(item, { value: `changed-${item.index}` }))
  const moved = there.slice(changes, changes + moves).map((item, index) => async () => {
    await change(item, { size: otherSize(item.index), value: 'moved' })
    if (index < hasty) await change(item, { size: sizeOf(item.index) })
  })
  const deleted = there.slice(changes + moves).map((item) => () => remove(item))
  const spread = [created, changed, moved, deleted].flatMap((kind) =>
    kind.map((operation, index) => ({ operation, at: index / kind.length })),
  )
  return spread.sort((a, b) => a.at - b.at).map(({ operation }) => operation)
}

async function create({ consumer, name, index }: Item): Promise<void> {
  const object = thing(name, { size: sizeOf(index), value: index, secret: index % 3 === 0 })
  await consumer.kube.create(THING_AT_DEFAULT, object, { fieldManager: 'consumer' }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

const THING_AT_DEFAULT = { ...THING, namespace: 'default' }

async function change({ consumer, name }: Item, spec: Record<string, unknown>): Promise<void> {
  await patchSpec(consumer, thingRef(name), spec)
}

async function remove({ consumer, name }: Item): Promise<void> {
  await consumer.kube.delete(thingRef(name)).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

/** Runs all, `CONSUMERS` at once, each until its API server took it. */
async function inParallel(operations: Operation[]): Promise<void> {
  const queue = operations[Symbol.iterator]()
  const work = async () => {
    for (const run of queue) await untilTaken(run)
  }
  await Promise.all(Array.from({ length: CONSUMERS }, work))
}

/** A consumer whose API server is away tries again after a while. */
async function untilTaken(run: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const failure = await run().then(
      () => undefined,
      (error: unknown) => error ?? new Error('rejected with nothing'),
    )
    if (failure === undefined) return
    if (!isTransient(failure)) throw failure
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
