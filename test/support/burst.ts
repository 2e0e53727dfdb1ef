import { isAlreadyExists, isNotFound, isTransient } from '@resource-broker/kube'
import { untilConsistent } from './checker.ts'
import type { World } from './fault-world.ts'
import { THING } from './provider-controller.ts'
import { patchSpec, thing, thingRef } from './things.ts'

type Operation = { name: string; run: () => Promise<unknown> }

/** What a burst does to its 300 objects. */
const CREATED = 150
const CHANGED = 60
const MOVED = 50
const DELETED = 40
/** Of those created, so many move at once after it; of those moved, so many move back at once. */
const HASTY = 15
/** Operations under way at once. */
const CONSUMERS = 12
const RETRY_MS = 200

let bursts = 0

/**
 * 300 objects in one go: creations, changes, moves and deletions, mixed. The fault strikes when a third is done, and the rest
 * goes on meanwhile; resolves when both are over.
 */
export async function burst(world: World, fault: () => Promise<void> = async () => undefined): Promise<void> {
  const round = `b${++bursts}`
  const there = names(round, 'old', CHANGED + MOVED + DELETED)
  await inParallel(there.map((name, index) => ({ name, run: () => create(world, name, index) })))
  await untilConsistent(world.landscape)
  const operations = plan(world, round, there)
  const struck = Promise.withResolvers<void>()
  let done = 0
  const counted = operations.map(({ name, run }) => ({
    name,
    run: async () => {
      await run()
      if (++done === Math.round(operations.length / 3)) fault().then(struck.resolve, struck.reject)
    },
  }))
  await Promise.all([inParallel(counted), struck.promise])
}

/** Creates so many objects for both providers, as a burst of its own does. */
export async function createThings(world: World, prefix: string, count: number): Promise<void> {
  await inParallel(names(prefix, 'new', count).map((name, index) => ({ name, run: () => create(world, name, index) })))
}

function names(round: string, kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${round}-${kind}-${index}`)
}

const sizeOf = (index: number) => (index % 2 === 0 ? 'small' : 'large')
const otherSize = (index: number) => sizeOf(index + 1)

/** The operations on all 300, mixed evenly: each kind is spread over the whole burst. */
function plan(world: World, round: string, there: string[]): Operation[] {
  const created = names(round, 'new', CREATED).map((name, index) => ({
    name,
    run: async () => {
      await create(world, name, index)
      if (index < HASTY) await change(world, name, { size: otherSize(index) })
    },
  }))
  const changed = there
    .slice(0, CHANGED)
    .map((name, index) => ({ name, run: () => change(world, name, { value: `changed-${index}` }) }))
  const moved = there.slice(CHANGED, CHANGED + MOVED).map((name, index) => ({
    name,
    run: async () => {
      const size = sizeOf(index + CHANGED)
      await change(world, name, { size: size === 'small' ? 'large' : 'small', value: 'moved' })
      if (index < HASTY) await change(world, name, { size })
    },
  }))
  const deleted = there.slice(CHANGED + MOVED).map((name) => ({ name, run: () => remove(world, name) }))
  const spread = [created, changed, moved, deleted].flatMap((kind) =>
    kind.map((operation, index) => ({ operation, at: index / kind.length })),
  )
  return spread.sort((a, b) => a.at - b.at).map(({ operation }) => operation)
}

async function create({ consumer }: World, name: string, index: number): Promise<void> {
  const object = thing(name, { size: sizeOf(index), value: index, secret: index % 3 === 0 })
  await consumer.kube.create(THING_AT_DEFAULT, object, { fieldManager: 'consumer' }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

const THING_AT_DEFAULT = { ...THING, namespace: 'default' }

async function change({ consumer }: World, name: string, spec: Record<string, unknown>): Promise<void> {
  await patchSpec(consumer, thingRef(name), spec)
}

async function remove({ consumer }: World, name: string): Promise<void> {
  await consumer.kube.delete(thingRef(name)).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

/** Runs all, `CONSUMERS` at once, each until its API server took it. */
async function inParallel(operations: Operation[]): Promise<void> {
  const queue = operations[Symbol.iterator]()
  const work = async () => {
    for (const { run } of queue) await untilTaken(run)
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
