import { LEARNED_FOR_MS } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { assignedFrom, assignment, copy, decision, ref, source } from '../fixtures.ts'
import { outcomeOf } from './outcome.ts'

const WHY = 'the provider cannot be reached'

function knownFor(unconfirmedMs: number) {
  const messages = {
    source: { ref, object: source() },
    assignment: { name: 'assignment-a', object: assignment({ active: 'alpha' }) },
    decision: decision(null),
    'copy/alpha': copy('alpha', { object: null as never }),
    'copy/beta': copy('beta'),
  }
  const known = assignedFrom(messages, { places: { beta: { is: 'away', why: WHY } } })
  return { ...known, unconfirmed: new Map([['beta', unconfirmedMs]]) }
}

test('a copy that an answer alone told of is asked for once its watch should have told of it', () => {
  expect(outcomeOf(knownFor(4_000))).toEqual({ done: true, againAfterMs: LEARNED_FOR_MS - 4_000 })
})

test('an object that an answer alone told of is asked for once its watch should have told of it', () => {
  const known = { ...knownFor(3 * LEARNED_FOR_MS), untoldMs: 4_000 }
  expect(outcomeOf(known)).toEqual({ done: true, againAfterMs: LEARNED_FOR_MS - 4_000 })
})

test.each([LEARNED_FOR_MS, 3 * LEARNED_FOR_MS])(
  'a copy that is due to be asked for since %s ms at a provider that is away is not looked at again at once',
  (ms) => {
    expect(outcomeOf(knownFor(ms))).toEqual({ done: true })
  },
)
