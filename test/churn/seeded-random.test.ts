import { expect, test } from 'vitest'
import { SeededRandom } from '../support/seeded-random.ts'

const numbersOf = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.between(0, 999))

test('a seed draws the same numbers on every machine and in every version, so that a churn can be repeated', () => {
  expect(numbersOf(new SeededRandom(42), 4)).toEqual([128, 33, 75, 706])
})

test('a sequence that was forked goes on as if nobody drew from the fork', () => {
  const [one, other] = [new SeededRandom(7), new SeededRandom(7)]
  numbersOf(one.fork(), 5)
  other.fork()
  expect(numbersOf(one, 5)).toEqual(numbersOf(other, 5))
})

test('what has a higher weight is drawn more often, and what has none never', () => {
  const random = new SeededRandom(1)
  const drawn = Array.from(
    { length: 1_000 },
    () => random.weighted([{ weight: 1 }, { weight: 0 }, { weight: 9 }]).weight,
  )
  expect(drawn.filter((weight) => weight === 9).length).toBeGreaterThan(850)
  expect(drawn).not.toContain(0)
})
