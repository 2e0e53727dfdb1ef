import { expect, test } from 'vitest'
import { DURATION, durationMs, durationText } from './duration.ts'

test.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['0s', 0],
  ['1.5s', 1_500],
  ['250ms', 250],
  ['1m0.5s', 60_500],
])('%s is %i ms', (text, ms) => {
  expect(DURATION.test(text)).toBe(true)
  expect(durationMs(text)).toBe(ms)
})

test.each(['', '5', 's', '-1s', '1d', '1 s', '1h 30m', '1e3s'])('%j is no duration', (text) => {
  expect(DURATION.test(text)).toBe(false)
})

test.each([
  [0, '0s'],
  [350, '350ms'],
  [2_500, '2.5s'],
  [60_000, '1m0s'],
  [7_323_500, '2h2m3.5s'],
])('%i ms are written as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
  expect(durationMs(text)).toBe(ms)
})
