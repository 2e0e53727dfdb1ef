import { expect, test } from 'vitest'
import { collect } from '../../test/fixture.ts'
import { ManualClock } from '../../test/manual-clock.ts'
import { DONE, type Outcome } from '../consumer-options.ts'
import { PartitionView } from '../partition-view.ts'
import { KeyRunner } from './key-runner.ts'
import { Tenure } from './tenure.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

function runner(reconcile: (key: string, attempt: number) => Promise<Outcome>) {
  const clock = new ManualClock()
  const reports = collect()
  const parked: string[] = []
  const options = { service: 's', concurrency: 4, report: reports.report }
  const keys = new KeyRunner(options, { clock, reconcile, park: ({ key }) => void parked.push(key) })
  const tenure = () => {
    const made = new Tenure(clock, undefined, () => undefined)
    made.loaded(new PartitionView())
    return made
  }
  return { keys, clock, parked, tenure, ...reports }
}

test('what was asked for in a tenure that is over is not run: another replica may have the key', async () => {
  const seen: string[] = []
  const { keys, tenure } = runner(async (key) => {
    seen.push(key)
    return DONE
  })
  const [before, now] = [tenure(), tenure()]
  before.end(0)
  keys.push('old', before)
  keys.push('now', now)
  await keys.stop()
  expect(seen).toEqual(['now'])
})

test('a look that is due later does not take place once its tenure is over', async () => {
  const { keys, clock, tenure } = runner(async () => ({ requeueAfterMs: 1, reason: 'wait' }))
  const mine = tenure()
  keys.push('a', mine)
  await turn()
  mine.end(0)
  clock.advance(10)
  expect(keys.depth).toBe(0)
})

test('a run makes the look that was due later needless', async () => {
  const attempts: number[] = []
  const { keys, clock, tenure } = runner(async (_key, attempt) => {
    attempts.push(attempt)
    return attempts.length === 1 ? { requeueAfterMs: 5, reason: 'wait' } : DONE
  })
  const mine = tenure()
  keys.push('a', mine)
  await turn()
  keys.push('a', mine)
  await turn()
  clock.advance(20)
  await turn()
  expect(attempts).toEqual([1, 2])
})

test('who is done may look once more after a while, and counts from the first attempt', async () => {
  const attempts: number[] = []
  const { keys, clock, tenure } = runner(async (_key, attempt) => {
    attempts.push(attempt)
    return attempts.length === 1 ? { done: true, againAfterMs: 5 } : DONE
  })
  keys.push('a', tenure())
  await turn()
  expect(attempts).toEqual([1])
  for (const _time of ['due', 'later']) {
    clock.advance(20)
    await turn()
  }
  expect(attempts).toEqual([1, 1])
})

test('a new tenure counts the attempts of a key from the first', async () => {
  const attempts: number[] = []
  const { keys, tenure } = runner(async (_key, attempt) => {
    attempts.push(attempt)
    throw new Error('not yet')
  })
  const before = tenure()
  keys.push('a', before)
  await turn()
  before.end(0)
  keys.push('a', tenure())
  await turn()
  expect(attempts).toEqual([1, 1])
})

test('a run that outlives its tenure is given up: neither tried again, nor parked', async () => {
  let write = () => {}
  const { keys, clock, tenure, of, parked } = runner(
    () =>
      new Promise((_resolve, reject) => {
        write = () => reject(new Error('fenced'))
      }),
  )
  const mine = tenure()
  keys.push('a', mine)
  await turn()
  mine.end(0)
  write()
  await turn()
  clock.advance(60_000)
  expect({ given: of('given up').length, failed: of('failed').length, depth: keys.depth, parked }).toEqual({
    given: 1,
    failed: 0,
    depth: 0,
    parked: [],
  })
})
