import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Assignment,
  type AssignmentCopy,
  annotations,
  type CopyStatus,
  hasEnded,
  type Migration,
  type MigrationState,
} from '@resource-broker/api'
import { expect, test } from 'vitest'
import { leftoversOf, recordAfter } from './leftovers.ts'
import { planStep } from './plan-step.ts'
import type { Step, Surroundings, Wait } from './step.ts'

type Case = {
  name: string
  state?: MigrationState
  cancel?: true
  /** metadata.uid of the Assignment that the Migration was asked for; null: it does not say. */
  of?: string | null
  terminating?: true
  assignment?: false
  active?: string
  copies?: AssignmentCopy[]
  said?: CopyStatus[]
  servedFrom?: string
  /** kcp: the APIExports of the active copy and of the one that is to come. */
  through?: { active?: string; to?: string }
  turn?: Wait
  configuration?: Surroundings['configuration']
  /** The object leaves a provider that is away. */
  failover?: Migration['spec']['failover']
  isFromAway?: true
  step: Step | null
}

const file = join(import.meta.dirname, '../../vectors/steps.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }

function migrationOf({ state, cancel, through, failover, of = 'uid-a' }: Partial<Case>): Migration {
  return {
    apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
    kind: 'Migration',
    metadata: { name: 'migration-1', annotations: { [annotations.consumerGeneration]: '2' } },
    spec: {
      assignment: 'assignment-a',
      ...(of === null ? {} : { assignmentUID: of }),
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
      to: {
        ...{ gvk, providerCluster: 'beta', acceptAPIName: 'large' },
        ...(through?.to === undefined ? {} : { apiExportName: through.to }),
      },
      ...(cancel === undefined ? {} : { cancel }),
      ...(failover === undefined ? {} : { failover }),
    },
    ...(state === undefined ? {} : { status: { state } }),
  }
}

function assignmentOf({ active = 'alpha', copies, said, servedFrom, through, terminating }: Partial<Case>): Assignment {
  return {
    apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
    kind: 'Assignment',
    metadata: { name: 'assignment-a', uid: 'uid-a' },
    spec: {
      ...{ consumerCluster: 'acme', gvr: { group: gvk.group, version: 'v1', resource: 'things' }, name: 'a', uid: 'u' },
      ...{ providerCluster: active, acceptAPIName: active === 'alpha' ? 'small' : 'large' },
      ...(copies === undefined ? {} : { copies }),
    },
    status: {
      phase: terminating === true ? 'Terminating' : 'Bound',
      ...(said === undefined ? {} : { copies: said }),
      ...(servedFrom === undefined ? {} : { servedFrom }),
      ...(through?.active === undefined ? {} : { apiExportName: through.active }),
    },
  }
}

const plan = (given: Case): Step | undefined =>
  planStep(migrationOf(given), {
    ...AROUND,
    assignment: given.assignment === false ? undefined : assignmentOf(given),
    turn: given.turn,
    configuration: given.configuration,
    ...(given.isFromAway === undefined ? {} : { isFromAway: given.isFromAway }),
  })

const AROUND: Surroundings = {
  ...{ assignment: undefined, turn: undefined, configuration: undefined, paused: undefined, undoneBy: undefined },
  ...{ copies: {}, staged: [], gone: new Set(), hasCompute: false, now: new Date(0) },
}

test.each(cases)('$name', (given) => {
  expect(plan(given) ?? null).toEqual(given.step)
})

test.each(cases)('the same again gives the same: $name', (given) => {
  expect(plan(structuredClone(given))).toEqual(plan(given))
})

test('every state has a case', () => {
  const states: MigrationState[] = [
    'InitialInProgress',
    'InitialCompleted',
    'CutoverInProgress',
    'CutoverCompleted',
    'Failed',
    'RolledBack',
  ]
  expect([...new Set(cases.flatMap(({ state }) => state ?? []))].sort()).toEqual(states.sort())
})

test.each(cases.filter(({ step }) => step?.edit !== undefined))(
  'an edit that was made and not recorded is made again unchanged: $name',
  (given) => {
    const edit = given.step?.edit
    const after = { ...given, ...(edit?.providerCluster === undefined ? {} : { active: edit.providerCluster }) }
    const { copies: _before, ...others } = after
    const again = plan({ ...others, ...(edit?.copies ? { copies: edit.copies } : {}) })
    if (again?.edit?.copies !== undefined && again.state === given.step?.state)
      expect(again.edit.copies ?? []).toEqual(edit?.copies ?? [])
  },
)

/** Plays a Migration against an Assignment that obeys, a step at a time, as the coordinator does. */
function play(given: Partial<Case>, said: (spec: Assignment['spec']) => Partial<Case>): MigrationState[] {
  const states: MigrationState[] = []
  let [state, spec]: [MigrationState, Assignment['spec']] = [given.state ?? 'Pending', assignmentOf(given).spec]
  for (let i = 0; i < 20; i++) {
    const { copies } = spec
    const around = { active: spec.providerCluster, ...(copies === undefined ? {} : { copies }), ...said(spec) }
    const step = planStep(migrationOf({ ...given, state }), {
      ...AROUND,
      assignment: assignmentOf(around),
    })
    if (step === undefined) break
    const { copies: edited, ...moved } = step.edit ?? { copies: spec.copies ?? null }
    const { copies: _old, ...kept } = spec
    spec = { ...kept, ...moved, ...(edited === null || edited.length === 0 ? {} : { copies: edited }) }
    if (step.state === state && step.edit === undefined) break
    if (step.state !== state) states.push(step.state)
    state = step.state
  }
  return states
}

const speak = ({ providerCluster, copies = [] }: Assignment['spec'], state: string): Partial<Case> => ({
  servedFrom: providerCluster,
  said: [providerCluster, ...copies.map((copy) => copy.providerCluster)].map((name) => ({
    ...{
      providerCluster: name,
      applied: true,
      observedGeneration: 2,
      ready: state === 'Available',
      state,
      message: state,
    },
  })),
})

test('from step to step a Migration whose copies are ready comes to its end', () => {
  const said = (spec: Assignment['spec']) =>
    spec.copies === undefined ? { servedFrom: spec.providerCluster } : speak(spec, 'Available')
  expect(play({}, said)).toEqual(['InitialInProgress', 'InitialCompleted', 'CutoverInProgress', 'CutoverCompleted'])
})

test('from step to step a Migration whose new copy fails ends with the object where it was', () => {
  const states = play({}, (spec) => speak(spec, 'Failed'))
  expect(states).toEqual(['InitialInProgress', 'Failed'])
  expect(states.every((state) => state === 'InitialInProgress' || hasEnded({ status: { state } }))).toBe(true)
})

/** Every way in which a Migration can be found once it has begun, but for what is said of the new copy. */
const found = (['InitialInProgress', 'InitialCompleted', 'CutoverInProgress'] as const).flatMap((state) =>
  (['alpha', 'beta'] as const)
    .filter((active) => state === 'InitialCompleted' || active === (state === 'CutoverInProgress' ? 'beta' : 'alpha'))
    .flatMap((active) => {
      const other: AssignmentCopy =
        active === 'alpha'
          ? { providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' }
          : { providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing' }
      return [undefined, [other]].flatMap((copies) =>
        ['Available', 'Failed', 'Leaving', 'Deleting', 'Away'].flatMap((old) =>
          ['alpha', 'beta'].map((servedFrom) => ({ state, active, copies, old, servedFrom })),
        ),
      )
    }),
)

test.each(found)(
  'cancelled it ends while the new copy is not ready: $state, active $active, copies $copies, the old one $old, served from $servedFrom',
  ({ copies, old, servedFrom, ...given }) => {
    const leaving = old === 'Deleting' ? { uid: 'uid-alpha' } : {}
    const said: CopyStatus[] = [
      { providerCluster: 'alpha', applied: true, ready: old === 'Available', state: old, ...leaving },
      { providerCluster: 'beta', applied: false, ready: false },
    ]
    const states = play({ ...given, cancel: true, ...(copies && { copies }) }, () => ({ said, servedFrom }))
    expect(hasEnded({ status: { state: states.at(-1) ?? given.state } })).toBe(true)
  },
)

test('copies that no running Migration accounts for are left over, replicas are not', () => {
  const copies: AssignmentCopy[] = [
    { providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' },
    { providerCluster: 'gamma', acceptAPIName: 'g', role: 'Replica' },
  ]
  const assignment = assignmentOf({ copies })
  expect(leftoversOf(assignment, [migrationOf({ state: 'InitialInProgress' })])).toEqual([])
  expect(leftoversOf(assignment, [migrationOf({})])).toEqual([])
  expect(leftoversOf(assignment, [migrationOf({ state: 'RolledBack' })])).toEqual([copies[0]])
  expect(leftoversOf(assignment, [migrationOf({ state: 'InitialInProgress', of: 'uid-of-an-earlier-one' })])).toEqual([
    copies[0],
  ])
  expect(leftoversOf(assignment, [])).toEqual([copies[0]])
})

test('an Assignment that ends keeps the copies that its teardown has to ask for', () => {
  const copies: AssignmentCopy[] = [{ providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' }]
  expect(leftoversOf(assignmentOf({ copies, terminating: true }), [migrationOf({ state: 'Failed' })])).toEqual([])
})

test('the outgoing copy of a Migration that is gone is left over', () => {
  const copies: AssignmentCopy[] = [{ providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing' }]
  const assignment = assignmentOf({ active: 'beta', copies })
  expect(leftoversOf(assignment, [migrationOf({ state: 'CutoverInProgress' })])).toEqual([])
  expect(leftoversOf(assignment, [])).toEqual(copies)
})

test('a copy that is taken off before anybody recorded it as made leaves the word that it may be there', () => {
  const incoming: AssignmentCopy = { providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' }
  const replica: AssignmentCopy = { providerCluster: 'gamma', acceptAPIName: 'g', role: 'Replica' }
  const active: CopyStatus = { providerCluster: 'alpha', applied: true, ready: true }
  const word = {
    ...{ providerCluster: 'beta', acceptAPIName: 'large', applied: true, ready: false },
    message: expect.any(String),
  }
  const after = (said: CopyStatus[] | undefined, copies: AssignmentCopy[] | null) =>
    recordAfter(assignmentOf({ copies: [incoming, replica], ...(said && { said }) }), { copies })
  expect(after(undefined, [replica])).toEqual([word])
  expect(after([active, { providerCluster: 'beta', applied: false, ready: false }], [replica])).toEqual([active, word])
  expect(after([active, { providerCluster: 'beta', applied: true, ready: true }], [replica])).toBeUndefined()
  expect(after([active], [incoming, replica])).toBeUndefined()
})

test('a copy that becomes the active one is not taken off', () => {
  const copies: AssignmentCopy[] = [{ providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' }]
  expect(recordAfter(assignmentOf({ copies }), { providerCluster: 'beta', copies: null })).toBeUndefined()
})
