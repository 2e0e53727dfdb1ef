import { describe, expect, test } from 'vitest'
import { assignment, consumerOf, migration, ref, source, viewOf } from './fixtures.ts'
import { failedTargets, type Known, readKnown, runningMigration } from './known.ts'

function known(messages: Record<string, unknown>): Known {
  const read = readKnown('k', viewOf({ source: { ref, object: source() }, ...messages }), consumerOf)
  if (read === undefined) throw new TypeError('there is an object')
  return read
}

describe('what is known of a key', () => {
  test.each([
    { what: 'nobody has heard of', messages: {} },
    { what: 'is gone', messages: { source: { ref, object: null } } },
    {
      what: 'is being deleted',
      messages: { source: { ref, object: source({ deletionTimestamp: '2026-01-01T00:00:00Z' }) } },
    },
  ])('is nothing to place for an object that $what', ({ messages }) => {
    expect(readKnown('k', viewOf({ assignment: assignment(), ...messages }), consumerOf)).toBeUndefined()
  })

  test('takes whose object it is from where it was seen, not from what it says', () => {
    const lies = { annotations: { 'broker.platform-mesh.io/consumer-cluster': 'globex' } }
    const { object } = known({ source: { ref, object: source(lies) } })
    expect(object).toMatchObject({
      consumer: { cluster: 'acme' },
      gvr: ref.gvr,
      namespace: 'default',
      name: 'a',
      uid: 'uid-a',
      generation: 2,
    })
  })

  test('has no Assignment once that was seen gone, and no Migration that was', () => {
    const read = known({
      assignment: { name: 'assignment-a', object: null },
      'migration/m': { name: 'm', object: null },
    })
    expect([read.assignment, read.migrations]).toEqual([undefined, []])
  })
})

describe('the running Migration', () => {
  test.each([undefined, 'Pending', 'InitialInProgress', 'InitialCompleted', 'CutoverInProgress'] as const)(
    'may be in state %s',
    (state) => {
      const messages = {
        assignment: assignment(),
        'migration/m': migration({ name: 'm', ...(state === undefined ? {} : { state }) }),
      }
      expect(runningMigration(known(messages))?.metadata.name).toBe('m')
    },
  )

  test.each(['CutoverCompleted', 'Failed', 'RolledBack'] as const)('is none that is %s', (state) => {
    expect(
      runningMigration(known({ assignment: assignment(), 'migration/m': migration({ name: 'm', state }) })),
    ).toBeUndefined()
  })

  test('is none of another Assignment, and none without an Assignment', () => {
    const foreign = { 'migration/m': migration({ of: 'assignment-b' }) }
    expect(runningMigration(known({ assignment: assignment(), ...foreign }))).toBeUndefined()
    expect(runningMigration(known({ 'migration/m': migration({}) }))).toBeUndefined()
  })

  test('is none of an earlier life of the object', () => {
    const messages = { assignment: assignment(), 'migration/m': migration({ uid: 'uid-of-an-earlier-one' }) }
    expect(runningMigration(known(messages))).toBeUndefined()
  })

  test('may be one of the version before, which does not say of which life it is', () => {
    const messages = { assignment: assignment(), 'migration/m': migration({ name: 'm', uid: null }) }
    expect(runningMigration(known(messages))?.metadata.name).toBe('m')
  })

  test('is the one that has begun, as for the coordinator, whatever its name', () => {
    const messages = {
      assignment: assignment(),
      'migration/m1': migration({ name: 'm1', to: 'gamma', state: 'Pending' }),
      'migration/m2': migration({ name: 'm2', state: 'InitialInProgress' }),
    }
    expect(runningMigration(known(messages))?.metadata.name).toBe('m2')
  })

  test('is found beside those that ended', () => {
    const messages = {
      assignment: assignment(),
      'migration/m1': migration({ name: 'm1', state: 'Failed' }),
      'migration/m2': migration({ name: 'm2', to: 'gamma' }),
    }
    expect(runningMigration(known(messages))?.metadata.name).toBe('m2')
  })
})

describe('providers that were tried in vain', () => {
  const tried = (...moves: Parameters<typeof migration>[0][]) => {
    const entries = moves.map((move, i) => [`migration/m${i}`, migration({ name: `m${i}`, ...move })])
    return [...failedTargets(known({ assignment: assignment(), ...Object.fromEntries(entries) }))]
  }

  test('are those where a move of this generation failed or was cancelled', () => {
    expect(tried({ state: 'Failed' }, { state: 'RolledBack', to: 'gamma' })).toEqual([
      ['beta', 'Migration m0 failed'],
      ['gamma', 'Migration m1 was cancelled'],
    ])
  })

  test.each([
    { what: 'runs', move: { state: 'InitialInProgress' } },
    { what: 'was completed', move: { state: 'CutoverCompleted' } },
    { what: 'failed for another generation', move: { state: 'Failed', generation: '1' } },
    { what: 'the scheduler took back, which notes no generation', move: { state: 'RolledBack', generation: '' } },
    { what: 'was another object’s', move: { state: 'Failed', of: 'assignment-b' } },
    { what: 'was of an earlier life of the object', move: { state: 'Failed', uid: 'uid-of-an-earlier-one' } },
    { what: 'ended and does not say of which life it was', move: { state: 'Failed', uid: null } },
  ] as const)('are not those of a move that $what', ({ move }) => expect(tried(move)).toEqual([]))
})
