import { expect, test } from 'vitest'
import { Attempts } from './attempts.ts'

test('each failure in a row doubles the wait, up to 15 s', () => {
  const attempts = new Attempts()
  const waits = Array.from({ length: 10 }, (_, i) => attempts.failed('a', i * 10_000))
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000])
})

test('who has failed for three seconds has a turn then, whenever the failures were', () => {
  const attempts = new Attempts()
  const waits = [0, 10, 20, 430, 1_250, 2_900, 3_000].map((now) => attempts.failed('a', now))
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 100, 6_400])
})

test('waiting without a fault counts as an attempt and does not make a later failure wait longer', () => {
  const attempts = new Attempts()
  for (let n = 0; n < 5; n++) attempts.waits('a')
  expect(attempts.begin('a')).toBe(6)
  expect(attempts.failed('a', 0)).toBe(100)
})

test('a success starts the count anew, for its key alone', () => {
  const attempts = new Attempts()
  for (const key of ['a', 'b']) for (let n = 0; n < 3; n++) attempts.failed(key, 0)
  attempts.done('a')
  expect(attempts.begin('a')).toBe(1)
  expect(attempts.begin('b')).toBe(4)
})
