import { Assignment } from '@resource-broker/api'
import { describe, expect, test } from 'vitest'
import { assignment, copy, decision, ref, source, viewOf } from './fixtures.ts'
import { isCurrent, readKnown, wantedCopies } from './known.ts'

describe('what is known of a key', () => {
  test('is nothing without an Assignment, and nothing once it is gone', () => {
    expect(readKnown('k', viewOf({ source: { ref, object: source() } }))).toBeUndefined()
    expect(readKnown('k', viewOf({ assignment: { name: 'assignment-a', object: null } }))).toBeUndefined()
  })

  test('is the object that the Assignment names, whatever the object says of itself', () => {
    const known = readKnown('k', viewOf({ assignment: { name: 'assignment-a', object: assignment() } }))
    expect(known).toMatchObject({ ref, source: undefined, sourceRelated: [], decision: undefined })
    expect(known?.copies.size).toBe(0)
  })

  test('tells an object that was seen gone from one that was never heard of', () => {
    const view = viewOf({ assignment: { name: 'assignment-a', object: assignment() }, source: { ref, object: null } })
    expect(readKnown('k', view)?.source).toBeNull()
  })

  test('has the copies that are the broker’s own or went, and none that somebody else made', () => {
    const view = viewOf({
      assignment: { name: 'assignment-a', object: assignment() },
      decision: decision('alpha'),
      'copy/alpha': copy('alpha'),
      'copy/beta': copy('beta', { ours: false }),
      'copy/gamma': copy('gamma', { ours: false, object: null }),
    })
    expect([...(readKnown('k', view)?.copies.keys() ?? [])]).toEqual(['alpha', 'gamma'])
  })

  test('has the related objects of the consumer’s own cluster only', () => {
    const related = [{ kind: 'Secret', namespace: 'default', name: 's' }]
    const view = viewOf({
      assignment: { name: 'assignment-a', object: assignment() },
      'source-related/acme': { related },
      'source-related/globex': { related: [{ kind: 'Secret', namespace: 'default', name: 'forged' }] },
      'copy-related/alpha': { related },
    })
    expect(readKnown('k', view)).toMatchObject({ sourceRelated: related, copyRelated: new Map([['alpha', related]]) })
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
  const view = viewOf({ assignment: { name: 'assignment-a', object: assignment() }, source: { ref, object } })
  const known = readKnown('k', view)
  expect(known !== undefined && isCurrent(known)).toBe(current)
})
