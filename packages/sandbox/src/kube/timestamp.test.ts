import { expect, test } from 'vitest'
import { timestamp } from './timestamp.ts'

test.each([
  ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.999Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:06.000Z', '2026-01-02T03:04:06Z'],
  ['2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05Z'],
  ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59Z'],
])('%s is written in whole seconds, whatever was asked for before', (date, text) => {
  expect(timestamp(new Date(date))).toBe(text)
})

test('an invalid date is no time, also when asked for twice', () => {
  for (const _ of [1, 2]) expect(() => timestamp(new Date(Number.NaN))).toThrow(RangeError)
})
