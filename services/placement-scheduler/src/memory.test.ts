import { expect, test } from 'vitest'
import { assignment, consumerOf, ref, source, viewOf } from './fixtures.ts'
import { readKnown } from './known.ts'
import { newMemory, noteUnplaced } from './memory.ts'

const conditions = (status: string, reason: string) => [{ type: 'Placed', status, reason, message: '' }]
const known = (status: object, messages: object = {}) =>
  readKnown('k', viewOf({ source: { ref, object: { ...source(), status } }, ...messages }), consumerOf)

test('it is noted why an object has no provider, until it has one or is gone', () => {
  const memory = newMemory()
  const noted = () => Object.fromEntries(memory.unplaced)
  noteUnplaced(memory, 'a', known({ conditions: conditions('False', 'NoProviderAccepts') }))
  noteUnplaced(memory, 'b', known({ conditions: conditions('False', 'PolicyForbids') }))
  noteUnplaced(memory, 'c', known({ conditions: conditions('True', 'Placed') }))
  noteUnplaced(memory, 'd', known({}))
  expect(noted()).toEqual({ a: 'NoProviderAccepts', b: 'PolicyForbids' })
  const placed = { assignment: assignment() }
  noteUnplaced(memory, 'a', known({ conditions: conditions('False', 'NoProviderAccepts') }, placed))
  expect(noted()).toEqual({ b: 'PolicyForbids' })
  noteUnplaced(memory, 'b', undefined)
  expect(noted()).toEqual({})
})
