import { expect, test } from 'vitest'
import { Retries } from './retries.ts'

const forever = new AbortController().signal

function track() {
  const waits: number[] = []
  const retries = new Retries({
    failed: (_key, _error, wait) => void waits.push(wait),
    firstRetryMs: 1,
    lastRetryMs: 3,
  })
  return { waits, retries }
}

/** Fails so many times; `done` resolves when it succeeded. */
function failing(times: number) {
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let count = 0
  const attempt = async () => {
    if (count++ < times) throw new Error(`no ${count}`)
    resolve()
  }
  return { attempt, done, count: () => count }
}

test('what failed is tried again, later each time, until it succeeds', async () => {
  const { waits, retries } = track()
  const { attempt, done, count } = failing(4)
  await retries.run('a', attempt, forever)
  expect(count()).toBe(1)
  await done
  expect(waits).toEqual([1, 2, 3, 3])
})

test('a newer task for the key waits for the attempt under way, which is not repeated', async () => {
  const { retries } = track()
  const order: string[] = []
  const [started, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = retries.run(
    'a',
    async () => {
      started.resolve()
      await gate.promise
      order.push('old')
      throw new Error('no')
    },
    forever,
  )
  await started.promise
  const second = retries.run('a', async () => void order.push('new'), forever)
  const other = retries.run('b', async () => void order.push('other'), forever)
  await other
  gate.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['other', 'old', 'new'])
})

test.each(['drop', 'signal'] as const)('nothing is tried again after its %s', async (how) => {
  const { retries } = track()
  const stopping = new AbortController()
  const { attempt, count } = failing(Number.POSITIVE_INFINITY)
  await retries.run('a', attempt, stopping.signal)
  if (how === 'signal') stopping.abort()
  await retries.drop('a')
  const before = count()
  await retries.drop('a')
  expect(count()).toBe(before)
})
