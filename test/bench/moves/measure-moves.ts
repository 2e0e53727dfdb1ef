import { hasEnded, Migration } from '@resource-broker/api'
import { watchResource } from '@resource-broker/kube'
import { type Counted, type Cpu, countCpu, counted, countOthers } from '../counted.ts'
import { eachOf } from '../each-of.ts'
import type { RequestCount } from '../requests.ts'
import type { Stage } from '../stage.ts'
import { SIZES, thing, thingRef } from '../things.ts'

export type Mode = 'plain' | 'staged'

export type MovesMeasured = Omit<Counted<Pace>, 'result'> &
  Pace & {
    moves: number
    /** Of the machine's CPU time, what processes outside the bench had. */
    othersShare: number
  }

type Pace = {
  /** Until the last old copy was gone; until nothing was left to do. */
  seconds: { gone: number; ended: number }
  /** CPU per move. */
  cpuMs: Cpu
}

export type MoveSizes = { warmUp: number; moves: number; inFlight: number }

/** Objects that are there to be moved, by the number that their names end with. */
type Batch = { prefix: string; count: number }

const PATIENCE_MS = 300_000

const batchesOf = ({ warmUp, moves }: MoveSizes): Batch[] => [
  { prefix: 'warm', count: warmUp },
  { prefix: 'move', count: moves },
]

/** Places all objects at the first provider. */
export async function settleAll(stage: Stage, sizes: MoveSizes): Promise<void> {
  const { consumer, namespace, eyes } = stage
  for (const { prefix, count } of batchesOf(sizes)) {
    const answered = eyes.consumer.untilAll(
      'answered',
      namespace,
      count,
      ({ metadata, status }) => metadata.name.startsWith(prefix) && status?.from === 0,
      PATIENCE_MS,
    )
    const created = eachOf(count, sizes.inFlight, async (i) => {
      const name = `${prefix}-${i}`
      await consumer.kube.create(thingRef(namespace, name), thing(namespace, name, 0), { fieldManager: 'bench' })
    })
    await Promise.all([created, answered])
  }
}

/** Moves all objects to the provider `to` by a change of their specs, and measures it after those that warm up. */
export async function measureMoves(stage: Stage, sizes: MoveSizes, mode: Mode, to: 0 | 1): Promise<MovesMeasured> {
  const [warm, batch] = batchesOf(sizes) as [Batch, Batch]
  const move = async (which: Batch): Promise<Pace> => {
    const { ended, stop } = await untilEnded(stage, which.count)
    return await moveAll(stage, which, { mode, to, inFlight: sizes.inFlight, ended }).finally(stop)
  }
  await move(warm)
  const othersSince = countOthers(stage)
  const own = doneByBench(stage, batch.count, { mode, to })
  const { result, ...caused } = await counted(stage, batch.count, own, () => move(batch))
  return { moves: batch.count, ...result, ...caused, othersShare: othersSince() }
}

type Way = { mode: Mode; to: 0 | 1; inFlight: number; ended: Promise<number> }

async function moveAll(stage: Stage, { prefix, count }: Batch, { mode, to, inFlight, ended }: Way): Promise<Pace> {
  const { consumer, namespace, eyes } = stage
  const gone = eyes.providers[to === 0 ? 1 : 0].untilGone(namespace, count, PATIENCE_MS)
  const cpuSince = countCpu(stage)
  const start = performance.now()
  const changed = eachOf(count, inFlight, async (i) => {
    const spec = { size: SIZES[to], staged: mode === 'staged' }
    await consumer.kube.mergePatch(thingRef(namespace, `${prefix}-${i}`), { spec }, { fieldManager: 'bench' })
  })
  const [goneAt] = await Promise.all([gone, changed])
  const endedAt = Math.max(goneAt, await ended)
  return { seconds: { gone: (goneAt - start) / 1000, ended: (endedAt - start) / 1000 }, cpuMs: cpuSince(count) }
}

/** `ended`: when `count` Migrations that come from now on have ended with nothing left of them; for the floor, which has none, long ago. */
async function untilEnded(
  { hasRecords, platform }: Stage,
  count: number,
): Promise<{ ended: Promise<number>; stop: () => void }> {
  if (!hasRecords) return { ended: Promise.resolve(0), stop: () => undefined }
  const stopping = new AbortController()
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>()
  const done = new Set<string>()
  const timer = setTimeout(() => reject(new Error(`${done.size} of ${count} moves ended`)), PATIENCE_MS)
  let before = true
  const upsert = (object: unknown): void => {
    const migration = object as Migration
    if (before || !hasEnded(migration) || migration.metadata.finalizers?.length) return
    done.add(migration.metadata.name)
    if (done.size === count) resolve(performance.now())
  }
  const { signal } = stopping
  await new Promise<void>((resolveSynced) => {
    const synced = (): void => {
      before = false
      resolveSynced()
    }
    watchResource(platform.kube, Migration.resource, { upsert, delete: () => undefined, synced }, { signal })
  })
  const stop = (): void => {
    clearTimeout(timer)
    stopping.abort()
  }
  return { ended, stop }
}

/** The changes of specs, the statuses of the new copies, and what the compute cluster does with what stages deploy. */
function doneByBench(
  { consumer, platform, providers, hasRecords }: Stage,
  count: number,
  { mode, to }: Pick<Way, 'mode' | 'to'>,
): RequestCount[] {
  const things = 'things.test.platform-mesh.io'
  const moved = [
    { server: consumer.name, verb: 'PATCH', resource: things, count },
    { server: providers[to].name, verb: 'PATCH', resource: `${things}/status`, count },
  ]
  if (mode === 'plain') return moved
  const server = platform.name
  const done = { server, verb: 'PATCH', resource: 'configmaps', count: 3 * count }
  const namespaces = [
    { verb: 'PUT', resource: 'namespaces/finalize' },
    { verb: 'DELETECOLLECTION', resource: 'configmaps' },
    { verb: 'DELETECOLLECTION', resource: 'secrets' },
  ].map((each) => ({ ...each, server, count }))
  return [...moved, done, ...(hasRecords ? namespaces : [])]
}
