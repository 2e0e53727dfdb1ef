import { expect, test } from 'vitest'
import { collect } from '../test/fixture.ts'
import { DONE, type Outcome } from './consumer-options.ts'
import { KeyRunner } from './key-runner.ts'

function runner(reconcile: (key: string, attempt: number) => Promise<Outcome>) {
  const state = { turn: 1 }
  const reports = collect()
  const options = { service: 's', parts: [], concurrency: 4, reconcile: async () => DONE, report: reports.report }
  const keys = new KeyRunner(options, { turnOf: () => state.turn, reconcile, park: () => undefined })
  return { keys, state, ...reports }
}

test('what was asked for in an earlier turn is not run: another replica may have the key', async () => {
  const seen: string[] = []
  const { keys } = runner(async (key) => {
    seen.push(key)
    return DONE
  })
  keys.push('old', 0)
  keys.push('now', 1)
  await keys.stop()
  expect(seen).toEqual(['now'])
})

test('a look that is due later does not take place in another turn', async () => {
  const { keys, state } = runner(async () => ({ requeueAfterMs: 1, reason: 'wait' }))
  keys.push('a', 1)
  await keys.stop()
  state.turn = 2
  await new Promise((resolve) => setTimeout(resolve, 10)) // past the millisecond after which it was due
  expect(keys.depth).toBe(0)
})

test('a run makes the look that was due later needless', async () => {
  const attempts: number[] = []
  const { keys } = runner(async (_key, attempt) => {
    attempts.push(attempt)
    return attempts.length === 1 ? { requeueAfterMs: 5, reason: 'wait' } : DONE
  })
  keys.push('a', 1)
  await new Promise((resolve) => setImmediate(resolve))
  keys.push('a', 1)
  await new Promise((resolve) => setTimeout(resolve, 20)) // past the 5 ms
  expect(attempts).toEqual([1, 2])
})
