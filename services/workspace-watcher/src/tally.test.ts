import { expect, test } from 'vitest'
import { Tally } from './tally.ts'

test('counts the objects of each holder, and tells whose count changed', () => {
  const changed: string[] = []
  const tally = new Tally((holder) => changed.push(holder))
  tally.set('a', ['alpha'])
  tally.set('b', ['alpha', 'beta'])
  tally.set('b', ['beta'])
  tally.set('b', ['beta'])
  tally.set('unknown', [])
  expect([tally.of('alpha'), tally.of('beta'), tally.of('gamma')]).toEqual([1, 1, 0])
  expect(changed).toEqual(['alpha', 'alpha', 'beta', 'alpha'])
  tally.set('a', [])
  expect(tally.of('alpha')).toBe(0)
})
