import { type AssignmentCopy, Migration, type MigrationState } from '@resource-broker/api'
import type { DecisionMessage, KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { assignedFrom, assignment, copied, copy, decision, ref, source } from '../fixtures.ts'
import { brokerConditions } from './conditions.ts'

type Given = {
  active?: string
  copies?: AssignmentCopy[]
  decided?: DecisionMessage
  problems?: { reason: string; message: string }[]
  accepted?: { status: string; reason: string; message: string }
  before?: object[]
  /** What the provider says of its copy. */
  said?: object[]
  move?: KubeObject
}

function conditions({ active, copies, decided, problems = [], accepted, before = [], said = [], move }: Given) {
  const spec = { ...(active === undefined ? {} : { active }), ...(copies === undefined ? {} : { copies }) }
  const lastTransitionTime = '2026-01-01T00:00:00Z'
  const status = accepted === undefined ? {} : { conditions: [{ type: 'Accepted', lastTransitionTime, ...accepted }] }
  const known = assignedFrom({
    assignment: { name: 'assignment-a', object: assignment(spec, status) },
    source: { ref, object: source({}, { status: { conditions: before } }) },
    decision: decided,
    'copy/alpha': copy('alpha', { object: copied({}, { status: { conditions: said } }) }),
    ...(move === undefined ? {} : { 'migration/migration-1': { name: 'migration-1', object: move } }),
  })
  return Object.fromEntries(brokerConditions(known, 2, problems).map(({ type, ...condition }) => [type, condition]))
}

const incoming: AssignmentCopy[] = [{ providerCluster: 'beta', acceptAPIName: 'b', role: 'Incoming' }]
const outgoing: AssignmentCopy[] = [{ providerCluster: 'beta', acceptAPIName: 'b', role: 'Outgoing' }]

test('an object at its provider is placed and synced, and does not migrate', () => {
  expect(conditions({ decided: decision('alpha') })).toEqual({
    Placed: { status: 'True', reason: 'Placed', message: 'placed at alpha by AcceptAPI things' },
    Synced: { status: 'True', reason: 'Synced', message: 'generation 2 is at alpha' },
  })
})

test('an object that its provider no longer accepts is still placed, and says why', () => {
  const { Placed, Synced } = conditions({
    decided: decision(null),
    accepted: { status: 'False', reason: 'ProviderNoLongerAccepts', message: 'alpha/things: size' },
  })
  expect(Placed).toEqual({ status: 'True', reason: 'ProviderNoLongerAccepts', message: 'alpha/things: size' })
  const message = 'generation 2 is not copied: alpha does not accept it and keeps what it has'
  expect(Synced).toEqual({ status: 'False', reason: 'NotAccepted', message })
})

test('an object that is accepted again is placed as before', () => {
  const { Placed } = conditions({
    decided: decision('alpha'),
    accepted: { status: 'True', reason: 'Accepted', message: 'fine' },
  })
  expect(Placed).toMatchObject({ reason: 'Placed' })
})

test('problems are told together, under the reason of the first', () => {
  const problems = [
    { reason: 'CopyConflict', message: 'one' },
    { reason: 'RelatedRefused', message: 'two' },
  ]
  const { Synced } = conditions({ decided: decision('alpha'), problems })
  expect(Synced).toEqual({ status: 'False', reason: 'CopyConflict', message: 'one; two' })
})

test('before the first decision nothing is known; later what was said of the generation before stays', () => {
  expect(conditions({})['Synced']).toEqual({
    status: 'Unknown',
    reason: 'Deciding',
    message: 'waiting for the placement',
  })
  const said = {
    type: 'Synced',
    status: 'True',
    reason: 'Synced',
    message: 'generation 1 is at alpha',
    lastTransitionTime: 't',
  }
  for (const decided of [decision('alpha', 1), { ...decision('alpha'), uid: 'another' }]) {
    const { Synced } = conditions({ decided, before: [said] })
    expect(Synced).toEqual({ status: 'True', reason: 'Synced', message: 'generation 1 is at alpha' })
  }
})

test('a generation that waits for a move to begin is not called synced', () => {
  expect(conditions({ decided: decision('beta') })['Synced']).toEqual({
    ...{ status: 'False', reason: 'WaitingForMove' },
    message: 'generation 2 waits for the move from alpha to beta to begin',
  })
})

test('a move is told while the new copy is made, and while the old one is left', () => {
  expect(conditions({ decided: decision('beta'), copies: incoming })).toMatchObject({
    Migrating: {
      status: 'True',
      reason: 'IncomingCopy',
      message: 'moving from alpha to beta: waiting for the new copy to be ready',
    },
    Synced: { status: 'True', message: 'generation 2 is at beta' },
  })
  expect(conditions({ decided: decision('alpha'), copies: outgoing })['Migrating']).toEqual({
    ...{ status: 'True', reason: 'Cutover', message: 'moving from beta to alpha: switching over' },
  })
})

test('an object whose old copy is only kept does not migrate', () => {
  const kept = outgoing.map((copy) => ({ ...copy, keptUntil: '2026-01-01T02:30:00Z' }))
  expect(conditions({ decided: decision('alpha'), copies: kept })).not.toHaveProperty('Migrating')
})

/** A Migration from alpha to beta, by its state, what its condition Ready says, and its stage with its word. */
function move(
  state: MigrationState,
  ready: { reason: string; message: string },
  stage?: string,
  message?: string,
): KubeObject {
  const gvk = { group: 'g', version: 'v1', kind: 'K' }
  const conditions = [{ type: 'Ready', status: 'False', ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]
  return {
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
    metadata: { name: 'migration-1', uid: 'm', resourceVersion: '1' },
    spec: {
      assignment: 'assignment-a',
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'a' },
      to: { gvk, providerCluster: 'beta', acceptAPIName: 'b' },
    },
    status: { state, conditions, ...(stage === undefined ? {} : { stage, stages: [stageOf(stage, message)] }) },
  }
}

const stageOf = (name: string, message?: string) => ({
  ...{ name, state: 'Running', attempt: 1 },
  ...(message === undefined ? {} : { message }),
})

const COPYING = { reason: 'StageRuns', message: 'stage copy: waits for successConditions[0]: done' }

test('a move that is at a stage says what that waits for, and one that has ended says nothing', () => {
  const message = (state: MigrationState) =>
    conditions({ decided: decision('beta'), copies: incoming, move: move(state, COPYING, 'copy', 'done') })['Migrating']
      ?.message
  expect(message('InitialInProgress')).toBe(`moving from alpha to beta: ${COPYING.message}`)
  expect(message('Failed')).toBe('moving from alpha to beta: waiting for the new copy to be ready')
})

test.each([
  { passes: 'a stage that begins', reason: 'StageRuns', stage: 'copy' },
  { passes: 'a stage that is done', reason: 'StageSucceeded', stage: 'copy' },
  { passes: 'a stage that is passed over', reason: 'StageSkipped', stage: 'copy' },
  { passes: 'the end of its initial part', reason: 'IncomingReady', stage: undefined },
])('a move that goes on at once from $passes does not say so: what it waited for last stays', ({ reason, stage }) => {
  const message = (copies: AssignmentCopy[], active: string, said?: { reason: string; message: string }) =>
    conditions({
      ...{ active, copies, decided: decision('beta'), move: move('InitialInProgress', { reason, message: '' }, stage) },
      before: said === undefined ? [] : [{ type: 'Migrating', status: 'True', lastTransitionTime: 't', ...said }],
    })['Migrating']?.message
  const last = `moving from alpha to beta: ${COPYING.message}`
  expect(message(incoming, 'alpha', { reason: 'IncomingCopy', message: last })).toBe(last)
  const first = 'moving from alpha to beta: waiting for the new copy to be ready'
  expect(message(incoming, 'alpha')).toBe(first)
  const ofAnother = { reason: 'IncomingCopy', message: 'moving from gamma to beta: stage copy: waits' }
  expect(message(incoming, 'alpha', ofAnother)).toBe(first)
  const old: AssignmentCopy[] = [{ providerCluster: 'alpha', acceptAPIName: 'a', role: 'Outgoing' }]
  expect(message(old, 'beta', { reason: 'IncomingCopy', message: last })).toBe(
    'moving from alpha to beta: switching over',
  )
})

test('a move that waits for a person says so, without the command for that person', () => {
  const ready = { reason: 'AwaitingApproval', message: 'wants an approval: kubectl patch migration m' }
  const said = (state: MigrationState, copies?: AssignmentCopy[], why = ready) =>
    conditions({ decided: decision('beta'), ...(copies && { copies }), move: move(state, why) })
  expect(said('InitialCompleted', incoming)['Migrating']?.message).toBe(
    'moving from alpha to beta: waits for an approval',
  )
  expect(said('Pending')['Synced']).toEqual({
    ...{ status: 'False', reason: 'WaitingForMove' },
    message: 'generation 2 waits for the move from alpha to beta to begin: waits for an approval',
  })
  const paused = { reason: 'Paused', message: 'paused by spec.paused of the Migration' }
  expect(said('Pending', undefined, paused)['Synced']?.message).toBe(
    'generation 2 waits for the move from alpha to beta to begin: paused by spec.paused of the Migration',
  )
  const turn = { reason: 'WaitsForTurn', message: '3 moves run' }
  expect(said('Pending', undefined, turn)['Synced']?.message).toMatch(/to begin$/)
})

test('a replica is no move', () => {
  const copies: AssignmentCopy[] = [{ providerCluster: 'beta', acceptAPIName: 'b', role: 'Replica' }]
  expect(conditions({ decided: decision('alpha'), copies })['Migrating']).toBeUndefined()
})

test('a provider whose own condition Synced says no is heard within the broker’s', () => {
  const its = { type: 'Synced', status: 'False', reason: 'ReconcileError', message: 'no quota' }
  expect(conditions({ decided: decision('alpha'), said: [its] })['Synced']).toEqual({
    status: 'True',
    reason: 'Synced',
    message: 'generation 2 is at alpha, which says ReconcileError: no quota',
  })
})
