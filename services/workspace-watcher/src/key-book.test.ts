import { Assignment, keyOf } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { KeyBook } from './key-book.ts'

const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
const object = { cluster: 'acme', gvr, namespace: 'default', name: 'a' }
const OWN = keyOf(object)
const [OLD, OTHER] = ['0'.repeat(32), 'f'.repeat(32)]

/** An Assignment of the object that goes by `key`, read in a version of its API. */
function assignment(key: string, { version = 'v1', creationTimestamp = '2026-01-01T00:00:00Z' } = {}): Assignment {
  return Assignment.of({
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: { name: `assignment-${key}`, uid: `uid-${key}`, resourceVersion: '1', creationTimestamp },
    spec: {
      ...{ consumerCluster: 'acme', gvr: { ...gvr, version }, namespace: 'default', name: 'a', uid: 'uid-a' },
      ...{ providerCluster: 'alpha', acceptAPIName: 'small' },
    },
  })
}

test('an object goes by its own key, in whatever version of its API it is seen', () => {
  const book = new KeyBook()
  expect(book.take(assignment(OWN))).toEqual([])
  const versions = ['v1', 'v2'].map((version) => ({ ...gvr, version }))
  expect(versions.map((seen) => book.of({ ...object, gvr: seen }))).toEqual([OWN, OWN])
  expect(book.isForeign(OWN)).toBe(false)
})

test('an object with an Assignment of the version before goes by the key of that until it is gone, then by its own', () => {
  const book = new KeyBook()
  const freed: string[] = []
  book.on('freed', (key) => freed.push(key))
  expect(book.take(assignment(OLD))).toEqual([])
  expect([book.of(object), book.of({ ...object, name: 'b' })]).toEqual([OLD, keyOf({ ...object, name: 'b' })])
  expect([book.isForeign(OLD), freed]).toEqual([true, []])
  book.forget(`assignment-${OLD}`)
  expect([book.of(object), book.isForeign(OLD), freed]).toEqual([OWN, false, [OLD]])
})

test.each([
  { what: 'is older', made: '2025-01-01T00:00:00Z' },
  { what: 'is as old and comes first by name', made: '2026-01-01T00:00:00Z' },
])('of two Assignments for two versions of one kind the one counts that $what', ({ made }) => {
  for (const late of [true, false]) {
    const book = new KeyBook()
    const first = () => book.take(assignment(OLD, { creationTimestamp: made }))
    if (!late) first()
    const [second] = book.take(assignment(OTHER, { version: 'v2' }))
    const beside = late ? first()[0] : second
    expect(beside).toMatchObject({ name: `assignment-${OTHER}`, uid: `uid-${OTHER}`, resourceVersion: '1' })
    expect(book.of(object)).toBe(OLD)
  }
})

test('an Assignment that is told of again is no second one', () => {
  const book = new KeyBook()
  book.take(assignment(OLD))
  expect(book.take(assignment(OLD, { version: 'v2' }))).toEqual([])
})

test('an Assignment that the broker did not name is no key', () => {
  const book = new KeyBook()
  const named = assignment(OLD)
  expect(book.take({ ...named, metadata: { ...named.metadata, name: 'by-hand' } })).toEqual([])
  expect(book.of(object)).toBe(OWN)
})
