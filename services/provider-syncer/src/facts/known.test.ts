import { Assignment, annotations } from '@resource-broker/api'
import { describe, expect, test } from 'vitest'
import { assignedFrom, assignment, copied, copy, decision, knownFrom, ref, source } from '../fixtures.ts'
import { isCurrent, wantedCopies } from './known.ts'

describe('what is known of a key', () => {
  test('has no Assignment before one was heard of, and none once it is gone', () => {
    expect(knownFrom({ source: { ref, object: source() } })).toMatchObject({ assignment: undefined, ref })
    expect(knownFrom({ assignment: { name: 'assignment-a', object: null } }).assignment).toBeUndefined()
  })

  test('is the object that the Assignment names, whatever the object says of itself', () => {
    const known = knownFrom({ assignment: { name: 'assignment-a', object: assignment() } })
    expect(known).toMatchObject({ ref, source: undefined, sourceRelated: [], decision: undefined })
    expect(known.copies.size).toBe(0)
  })

  test('is that object in the version of its API in which it was seen, which the Assignment follows later', () => {
    const seen = { ...ref, gvr: { ...ref.gvr, version: 'v2' } }
    const placed = { assignment: { name: 'assignment-a', object: assignment() } }
    expect(knownFrom({ ...placed, source: { ref: seen, object: source() } }).ref).toEqual(seen)
    expect(knownFrom({ ...placed, source: { ref: seen, object: null } }).ref).toEqual(seen)
  })

  test('tells an object that was seen gone from one that was never heard of', () => {
    const known = knownFrom({
      assignment: { name: 'assignment-a', object: assignment() },
      source: { ref, object: null },
    })
    expect(known.source).toBeNull()
  })

  test('has the copies that are the broker’s own, also where another hand put one back, or went, and none that somebody else made', () => {
    const known = knownFrom({
      assignment: { name: 'assignment-a', object: assignment() },
      decision: decision('alpha'),
      'copy/alpha': copy('alpha'),
      'copy/beta': copy('beta', {
        ours: false,
        object: copied({ annotations: { [annotations.assignmentUID]: 'another' } }),
      }),
      'copy/delta': copy('delta', { ours: false, object: copied() }),
      'copy/gamma': copy('gamma', { ours: false, object: null }),
    })
    expect([...known.copies.keys()]).toEqual(['alpha', 'delta', 'gamma'])
  })

  test('has no copy of another broker, and of a version without ids only those of this very object', () => {
    const of = (id: string | undefined, uid: string) => {
      const { [annotations.brokerID]: _own, ...notes } = copied().metadata.annotations ?? {}
      const given = {
        ...notes,
        ...(id === undefined ? {} : { [annotations.brokerID]: id }),
        [annotations.consumerUID]: uid,
      }
      return copy('alpha', { object: source({ annotations: given }) })
    }
    const counts = (message: ReturnType<typeof copy>) =>
      knownFrom({ assignment: { name: 'assignment-a', object: assignment() }, 'copy/alpha': message }).copies.has(
        'alpha',
      )
    expect(counts(of('broker-1', 'uid-a'))).toBe(true)
    expect(counts(of('broker-1', 'uid-of-an-earlier-life'))).toBe(true)
    expect(counts(of('broker-2', 'uid-a'))).toBe(false)
    expect(counts(of(undefined, 'uid-a'))).toBe(true)
    expect(counts(of(undefined, 'uid-of-an-earlier-life'))).toBe(false)
  })

  test('has the related objects of the consumer’s own cluster only', () => {
    const related = [{ kind: 'Secret', namespace: 'default', name: 's' }]
    const known = knownFrom({
      assignment: { name: 'assignment-a', object: assignment() },
      'source-related/acme': { related },
      'source-related/globex': { related: [{ kind: 'Secret', namespace: 'default', name: 'forged' }] },
      'copy-related/alpha': { related },
    })
    expect(known).toMatchObject({ sourceRelated: related, copyRelated: new Map([['alpha', related]]) })
  })
})

test('the wanted copies are the active one first, then those that the Assignment asks for', () => {
  const copies = [
    { providerCluster: 'gamma', acceptAPIName: 'g', role: 'Replica' as const },
    { providerCluster: 'beta', acceptAPIName: 'b', role: 'Incoming' as const },
  ]
  const wanted = wantedCopies(Assignment.schema.parse(assignment({ copies })))
  expect(wanted).toEqual([
    { provider: 'alpha', acceptAPIName: 'things', role: 'Active' },
    { provider: 'gamma', acceptAPIName: 'g', role: 'Replica' },
    { provider: 'beta', acceptAPIName: 'b', role: 'Incoming' },
  ])
})

test.each([
  { what: 'lives under the uid of the Assignment', object: source(), current: true },
  { what: 'is being deleted', object: source({ deletionTimestamp: '2026-01-01T00:00:00Z' }), current: false },
  { what: 'is another of its name', object: source({ uid: 'uid-b' }), current: false },
  { what: 'is gone', object: null, current: false },
])('an object that $what: current is $current', ({ object, current }) => {
  const known = assignedFrom({ assignment: { name: 'assignment-a', object: assignment() }, source: { ref, object } })
  expect(isCurrent(known)).toBe(current)
})
