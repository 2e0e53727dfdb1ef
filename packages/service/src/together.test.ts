import { expect, test } from 'vitest'
import { together } from './together.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what was begun is over before a part that failed is told', async () => {
  const events: string[] = []
  const slow = Promise.withResolvers<string>()
  const all = together([Promise.reject(new Error('first')), slow.promise, Promise.reject(new Error('second'))]).catch(
    ({ message }: Error) => events.push(message),
  )
  await turn()
  expect(events).toEqual([])
  slow.resolve('written')
  await all
  expect(events).toEqual(['first'])
})

test('the answers keep their order and their types', async () => {
  const [text, number]: [string, number] = await together([turn().then(() => 'a'), Promise.resolve(1)])
  expect([text, number]).toEqual(['a', 1])
})
