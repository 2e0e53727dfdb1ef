import { expect, test } from 'vitest'
import { assignment, consumerOf, ref, source, viewOf } from './fixtures.ts'
import { readKnown } from './known.ts'
import { newMemory, noteUnplaced, UnplacedCounts } from './memory.ts'

const conditions = (status: string, reason: string) => [{ type: 'Placed', status, reason, message: '' }]
const known = (status: object, messages: object = {}) =>
  readKnown('k', viewOf({ source: { ref, object: { ...source(), status } }, ...messages }), consumerOf)

test('an object without a provider is counted by why, until it has one or is gone', () => {
  const [one, other] = [newMemory(), newMemory()]
  const counts = new UnplacedCounts()
  const counted = () => Object.fromEntries(counts.of([one, other]))
  const none = { NoProviderAccepts: 0, PolicyForbids: 0, Misconfigured: 0, TooLarge: 0, PlacementFails: 0 }
  expect(counted()).toEqual(none)
  noteUnplaced(one, 'a', known({ conditions: conditions('False', 'NoProviderAccepts') }))
  noteUnplaced(one, 'b', known({ conditions: conditions('False', 'PolicyForbids') }))
  noteUnplaced(other, 'c', known({ conditions: conditions('False', 'NoProviderAccepts') }))
  noteUnplaced(other, 'd', known({ conditions: conditions('True', 'Placed') }))
  noteUnplaced(other, 'e', known({}))
  expect(counted()).toEqual({ ...none, NoProviderAccepts: 2, PolicyForbids: 1 })
  noteUnplaced(one, 'a', known({ conditions: conditions('False', 'NoProviderAccepts') }, { assignment: assignment() }))
  noteUnplaced(one, 'b', undefined)
  expect(counted()).toEqual({ ...none, NoProviderAccepts: 1 })
})
