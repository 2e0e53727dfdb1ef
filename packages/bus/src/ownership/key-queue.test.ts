import { expect, test } from 'vitest'
import { KeyQueue } from './key-queue.ts'

type Run = { key: string; items: number[]; end: () => void; fail: () => void }

/** A queue whose runs end when the test says so. */
function scripted(concurrency: number) {
  const runs: Run[] = []
  const queue = new KeyQueue<number>(
    concurrency,
    (key, items) =>
      new Promise((resolve, reject) => {
        runs.push({ key, items, end: resolve, fail: () => reject(new Error('broken')) })
      }),
  )
  return { queue, runs }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a key runs once at a time, and what came meanwhile makes one further run', async () => {
  const { queue, runs } = scripted(4)
  for (const item of [1, 2, 3]) queue.push('a', item)
  await turn()
  expect(runs.map(({ items }) => items)).toEqual([[1]])
  runs[0]?.end()
  await turn()
  expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3]])
})

test('no more keys run at once than allowed, in the order in which they became due', async () => {
  const { queue, runs } = scripted(2)
  for (const key of ['a', 'b', 'c', 'd']) queue.push(key, 0)
  queue.push('a', 1)
  await turn()
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b'])
  runs[0]?.end()
  await turn()
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  runs[1]?.end()
  runs[2]?.end()
  await turn()
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'a'])
})

test('a key counts until its last run has ended', async () => {
  const { queue, runs } = scripted(1)
  queue.push('a', 1)
  queue.push('a', 2)
  queue.push('b', 3)
  await turn()
  expect(queue.depth).toBe(2)
  for (const key of ['a', 'b', 'a']) {
    expect(runs.at(-1)?.key).toBe(key)
    runs.at(-1)?.end()
    await turn()
  }
  expect(queue.depth).toBe(0)
})

test('a run that rejects neither blocks its key nor the others', async () => {
  const { queue, runs } = scripted(1)
  queue.push('a', 1)
  queue.push('b', 2)
  runs[0]?.fail()
  await turn()
  queue.push('a', 3)
  runs[1]?.end()
  await turn()
  expect(runs.map(({ key, items }) => [key, items])).toEqual([
    ['a', [1]],
    ['b', [2]],
    ['a', [3]],
  ])
})

test('stop waits for what runs, and starts nothing more', async () => {
  const { queue, runs } = scripted(1)
  queue.push('a', 1)
  queue.push('b', 2)
  let stopped = false
  const stopping = queue.stop().then(() => {
    stopped = true
  })
  queue.push('c', 3)
  await turn()
  expect(stopped).toBe(false)
  runs[0]?.end()
  await stopping
  expect(runs).toHaveLength(1)
  expect(queue.depth).toBe(1)
})

test('100,000 keys pass through in order without the queue growing', async () => {
  const order: number[] = []
  const queue = new KeyQueue<number>(8, async (_key, items) => {
    order.push(...items)
  })
  for (let n = 0; n < 100_000; n++) queue.push(`k${n}`, n)
  await queue.stop()
  expect(order.length + queue.depth).toBe(100_000)
  expect(order).toEqual([...order].sort((a, b) => a - b))
})
