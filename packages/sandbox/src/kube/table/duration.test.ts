import { expect, test } from 'vitest'
import { ageOf, humanDuration } from './duration.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

// From the tests of k8s.io/apimachinery/pkg/util/duration.
test.each([
  [SECOND, '1s'],
  [70 * SECOND, '70s'],
  [190 * SECOND, '3m10s'],
  [70 * MINUTE, '70m'],
  [47 * HOUR, '47h'],
  [49 * HOUR, '2d1h'],
  [8 * DAY + 2 * HOUR, '8d'],
  [367 * DAY, '367d'],
  [365 * DAY * 2 + DAY, '2y1d'],
  [365 * DAY * 8 + 2 * DAY, '8y'],
  [3 * HOUR, '3h'],
  [7 * HOUR + MINUTE, '7h1m'],
  [2 * MINUTE, '2m'],
  [-SECOND, '0s'],
  [-1500, '0s'],
  [-2 * SECOND, '<invalid>'],
])('writes %d ms as %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text)
})

test('knows no age without a time', () => {
  expect(ageOf(undefined, new Date())).toBe('<unknown>')
  expect(ageOf(null, new Date())).toBe('<unknown>')
})
