import { expect, test } from 'vitest'
import { sourceMessage } from '../../test/fixture.ts'
import { ManualClock } from '../../test/manual-clock.ts'
import { DONE, type Run } from '../consumer-options.ts'
import { OwnershipLostError } from '../errors.ts'
import { PartitionView } from '../partition-view.ts'
import { Snapshot } from '../snapshots.ts'
import { KeyRunner } from './key-runner.ts'
import { PartitionOwner } from './partition-owner.ts'

type Memory = { notes: string[] }

const turn = () => new Promise((resolve) => setImmediate(resolve))
const snapshot = (seq: number, version: string) =>
  new Snapshot('source', {
    seq,
    data: Buffer.from(JSON.stringify(sourceMessage('a', version))),
    info: { timestampNanos: seq },
  })
const versionOf = ({ view }: Run<Memory>) => view.get('source')?.object?.metadata.resourceVersion

/** An owner whose runs end when the test says so; what the stream holds of key `a` is in version `stored`. */
async function owner() {
  const clock = new ManualClock()
  const runs: Run<Memory>[] = []
  const ends: (() => void)[] = []
  const state = { stored: '1', calls: 0 }
  const options = {
    service: 's',
    parts: ['source' as const],
    concurrency: 4,
    remember: (): Memory => ({ notes: [] }),
    reconcile: (run: Run<Memory>) => {
      runs.push(run)
      return new Promise<typeof DONE>((resolve) => ends.push(() => resolve(DONE)))
    },
  }
  const port = {
    consume: async () => () => undefined,
    load: async () => {
      const view = new PartitionView()
      view.of('a').put('source', undefined, snapshot(1, state.stored), 0)
      return view
    },
    call: async () => void state.calls++,
    unpin: async () => undefined,
  }
  const runner: KeyRunner<Memory> = new KeyRunner<Memory>(options, {
    clock,
    reconcile: (key, attempt, tenure) => mine.run(key, attempt, tenure),
    park: () => undefined,
  })
  const mine: PartitionOwner<Memory> = new PartitionOwner(0, { port, clock, runner, isMine: () => true }, options)
  mine.hear({ type: 'start' })
  await turn()
  mine.deliver(1, undefined)
  await turn()
  return { mine, clock, runs, ends, state }
}

test('what a run of a former owner learns or notes down changes nothing of what the next one knows', async () => {
  const { mine, runs, ends, state } = await owner()
  mine.hear({ type: 'unpinned' })
  state.stored = '5'
  mine.deliver(9, undefined)
  await turn()
  runs[0]?.view.learn('source', undefined, sourceMessage('a', '100'), 0)
  runs[0]?.memory.notes.push('of the former owner')
  ends[0]?.()
  await turn()
  expect(runs.map((run) => [versionOf(run), run.memory.notes])).toEqual([
    ['100', ['of the former owner']],
    ['5', []],
  ])
})

test('a run in the middle of which the process stood still may write nothing more', async () => {
  const { mine, clock, runs, state } = await owner()
  clock.advance(1_000)
  mine.hear({ type: 'tick' })
  runs[0]?.fence.check()
  clock.advance(9_000)
  expect(() => runs[0]?.fence.check()).toThrow(OwnershipLostError)
  expect(runs[0]?.fence.signal.aborted).toBe(true)
  expect(state.calls).toBe(2) // at the start, and as it let go
})

test('a partition that is left lets its runs write to their end, and begins none', async () => {
  const { mine, runs, ends } = await owner()
  mine.hear({ type: 'share changed', mine: false })
  mine.reconcile('a')
  runs[0]?.fence.check()
  ends[0]?.()
  await turn()
  expect(() => runs[0]?.fence.check()).toThrow(OwnershipLostError)
  expect(runs).toHaveLength(1)
})
