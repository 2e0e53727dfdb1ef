import { expect, test } from 'vitest'
import type { Scope } from '../scope.ts'
import type { Ask } from '../types.ts'
import { attempted } from './attempts.ts'

/** What a write needs, with admission that asks or does not. */
function callOf(asks: boolean): { scope: Scope; warnings: string[] } {
  let second = 0
  const deps = {
    admission: [{ name: 'test', asks: () => asks }],
    now: () => new Date(second++ * 1000),
    draw: (_: string, make: () => unknown) => make(),
  }
  return { scope: { deps, cluster: 'one' } as unknown as Scope, warnings: ['before'] }
}

test('a write that nobody asks about is done once, at once', async () => {
  const call = callOf(false)
  const seen: (Ask | undefined)[] = []
  expect(await attempted(call, (scope) => seen.push(scope.ask))).toBe(1)
  expect(seen).toEqual([undefined])
})

test('each attempt has the answers to what was asked before, the same time and the same that was drawn', async () => {
  const call = callOf(true)
  const attempts: unknown[][] = []
  let drawn = 0
  const result = await attempted(call, ({ deps, ask }) => {
    call.warnings.push('said by each attempt')
    const own = [deps.now().getTime(), deps.draw('uid', () => ++drawn), deps.draw('name', () => ++drawn)]
    attempts.push(own)
    const [first] = ask!([{ key: 'first', answer: async () => 1 }])
    const [same, second] = ask!([
      { key: 'first', answer: async () => 3 },
      { key: 'second', answer: async () => 2 },
    ])
    return [first, same, second]
  })
  expect(result).toEqual([1, 1, 2])
  expect(attempts).toEqual([attempts[0], attempts[0], attempts[0]])
  expect(call.warnings).toEqual(['before', 'said by each attempt'])
})

test('what an attempt asks because the object changed in the meantime is asked, too', async () => {
  const call = callOf(true)
  let stored = 'a'
  const asked: string[] = []
  const result = await attempted(call, ({ ask }) => {
    const key = stored
    const answer = async () => {
      asked.push(key)
      stored = 'b'
      return `for ${key}`
    }
    return ask!([{ key, answer }])
  })
  expect([result, asked]).toEqual([['for b'], ['a', 'b']])
})

test('what the write throws ends it, with the warnings of that attempt', async () => {
  const call = callOf(true)
  const write = attempted(call, ({ ask }) => {
    ask!([{ key: 'first', answer: async () => true }])
    call.warnings.push('told')
    throw new Error('refused')
  })
  await expect(write).rejects.toThrow('refused')
  expect(call.warnings).toEqual(['before', 'told'])
})
