import { expect, test } from 'vitest'
import { Attempts } from './attempts.ts'

test('each failure in a row doubles the wait, up to 15 s', () => {
  const attempts = new Attempts()
  const waits = Array.from({ length: 10 }, () => attempts.failed('a'))
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000])
})

test('waiting without a fault counts as an attempt and does not make a later failure wait longer', () => {
  const attempts = new Attempts()
  for (let n = 0; n < 5; n++) attempts.waits('a')
  expect(attempts.begin('a')).toBe(6)
  expect(attempts.failed('a')).toBe(100)
})

test('a success starts the count anew, for its key alone', () => {
  const attempts = new Attempts()
  for (const key of ['a', 'b']) for (let n = 0; n < 3; n++) attempts.failed(key)
  attempts.done('a')
  expect(attempts.begin('a')).toBe(1)
  expect(attempts.begin('b')).toBe(4)
})
