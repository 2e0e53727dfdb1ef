import { expect, test } from 'vitest'
import { Generations } from './generations.ts'

test('a number goes up with each change, and none of them is ever there twice', () => {
  const [types, bindings] = [new Generations(), new Generations()]
  expect(types.of('a')).toBe(0)
  const seen: number[] = []
  for (const each of [types, bindings, types, types]) {
    each.raise('a')
    seen.push(Math.max(types.of('a'), bindings.of('a')))
  }
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
  types.forget('a')
  expect(types.of('a')).toBe(0)
  types.raise('a')
  expect(types.of('a')).toBeGreaterThan(seen.at(-1)!)
})
