import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AssignmentCopy, CopyStatus } from '@resource-broker/api'
import { annotations, finalizer } from '@resource-broker/api'
import { expect, test } from 'vitest'
import type { Before, Notes } from '../facts/notes.ts'
import type { Place } from '../facts/places.ts'
import { assignment, BROKER, copied, copy, decision, KEY, knownFrom, ref, source } from '../fixtures.ts'
import { type Action, idOf } from './action.ts'
import { planSync } from './plan-sync.ts'
import type { Problem } from './problem.ts'

type CopyGiven = {
  status?: object
  generation?: number
  deleting?: true
  /** Whose id it carries; null: nobody's. */
  broker?: string | null
  uid?: string
  /** On which Assignment's account it was made. */
  account?: string
  /** Of the consumer's object that it was made for. */
  of?: string
  /** Seen gone. */
  gone?: true
  /** Until when it says that it is kept. */
  keptUntil?: string
  /** Put back by another hand than the broker's. */
  restored?: true
}

type Case = {
  name: string
  assignment?: {
    active?: string
    copies?: AssignmentCopy[]
    phase?: string
    said?: CopyStatus[]
    servedFrom?: string
  } | null
  /** live, deleting, released (being deleted, without the finalizer), another, adopting (another that wants the copy), gone; absent: never heard of. */
  source?: 'live' | 'deleting' | 'released' | 'another' | 'adopting' | 'adopted' | 'gone'
  status?: object
  decision?: string | null
  copies?: Record<string, CopyGiven>
  /** Copies that only an answer told of, by provider, and for how many milliseconds. */
  unconfirmed?: Record<string, number>
  /** For how many milliseconds an answer alone has told of the object. */
  untoldMs?: number
  related?: string[]
  places?: Record<string, Place>
  before?: Partial<Before>
  /** What this look has found out and done. */
  noted?: Partial<Pick<Notes, 'isReported'>> & {
    hasNoAssignment?: true
    hasNoSource?: true
    without?: string[]
    done?: string[]
    problems?: Problem[]
  }
  plan: unknown[]
}

const file = join(import.meta.dirname, '../../vectors/plan.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

const DELETED = '2026-01-01T00:00:00Z'
const SPEC = { spec: { size: 'small' } }

function sourceOf(state: NonNullable<Case['source']>, status: object | undefined) {
  const content = { ...SPEC, ...(status === undefined ? {} : { status }) }
  if (state === 'gone') return null
  if (state === 'another') return source({ uid: 'uid-b' }, content)
  if (state === 'adopted')
    return source({ finalizers: [finalizer], annotations: { [annotations.adopt]: 'true' } }, content)
  if (state === 'adopting') return source({ uid: 'uid-b', annotations: { [annotations.adopt]: 'true' } }, content)
  const finalizers = state === 'released' ? [] : [finalizer]
  return source({ finalizers, ...(state === 'live' ? {} : { deletionTimestamp: DELETED }) }, content)
}

function copyOf(
  provider: string,
  { status, generation = 2, deleting, broker = BROKER, uid, of, gone, account, restored, keptUntil }: CopyGiven,
) {
  if (gone === true) return copy(provider, { ours: false, object: null })
  const { [annotations.brokerID]: _own, ...others } = copied().metadata.annotations ?? {}
  const notes = {
    ...others,
    ...{
      [annotations.consumerCluster]: 'acme',
      [annotations.consumerNamespace]: 'default',
      [annotations.consumerName]: 'a',
    },
    [annotations.providerCluster]: provider,
    [annotations.consumerGeneration]: String(generation),
    ...(broker === null ? {} : { [annotations.brokerID]: broker }),
    ...(account === undefined ? {} : { [annotations.assignmentUID]: account }),
    ...(of === undefined ? {} : { [annotations.consumerUID]: of }),
    ...(keptUntil === undefined ? {} : { [annotations.keptUntil]: keptUntil }),
  }
  const metadata = { uid: uid ?? `uid-${provider}`, ...(deleting === true ? { deletionTimestamp: DELETED } : {}) }
  const object = { ...copied({ ...metadata }, { ...SPEC, ...(status === undefined ? {} : { status }) }) }
  return copy(provider, {
    ours: restored !== true,
    object: { ...object, metadata: { ...object.metadata, annotations: notes } },
  })
}

function planOf(given: Case): unknown[] {
  const { assignment: record = {}, source: state, copies = {}, related = [] } = given
  const { active, copies: asked, phase = 'Bound', said, servedFrom } = record ?? {}
  const spec = { ...(active === undefined ? {} : { active }), ...(asked === undefined ? {} : { copies: asked }) }
  const status = { phase, ...(said && { copies: said }), ...(servedFrom && { servedFrom }) }
  const object = record === null ? null : assignment(spec, status)
  const messages: Record<string, unknown> = {
    assignment: { name: `assignment-${KEY}`, object },
    ...(state === undefined ? {} : { source: { ref, object: sourceOf(state, given.status) } }),
    ...(given.decision === undefined ? {} : { decision: decision(given.decision) }),
    'source-related/acme': {
      related: related.map((name) => ({ kind: 'Secret', namespace: 'default', name, uid: name, resourceVersion: '1' })),
    },
  }
  for (const [provider, each] of Object.entries(copies)) messages[`copy/${provider}`] = copyOf(provider, each)
  const known = knownFrom(messages, { places: given.places ?? {}, before: given.before ?? {} })
  const { hasNoAssignment = false, hasNoSource, without = [], done = [], problems = [] } = given.noted ?? {}
  const { isReported = false } = given.noted ?? {}
  Object.assign(known.notes, { hasNoAssignment, isReported, goneSource: hasNoSource === true ? 'uid-a' : undefined })
  for (const provider of without) known.notes.without.add(provider)
  for (const id of done) known.notes.done.add(id)
  known.notes.problems.push(...problems)
  // What was found out counts when it is read again.
  const again = {
    ...known,
    assignment: known.assignment ?? (hasNoAssignment ? null : undefined),
    source: hasNoSource ? null : known.source,
    unconfirmed: new Map(Object.entries(given.unconfirmed ?? {})),
    untoldMs: given.untoldMs,
  }
  return planSync(again, new Date(0)).map(told)
}

/** An action without what the case gave. */
function told(action: Action): unknown {
  if (action.do === 'record')
    return { record: action.edit, ...(action.rests === undefined ? {} : { rests: action.rests }) }
  if (action.do === 'report') {
    const { conditions, ...others } = action.status as {
      conditions: { type: string; status: string; reason: string; message: string }[]
    }
    const words = conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
    return { report: others, conditions: words }
  }
  if (action.do === 'event') return { event: action.reason, message: action.message }
  if (action.do === 'delete copy') return action.version === undefined ? idOf(action) : `${idOf(action)} as seen`
  return idOf(action)
}

test.each(cases)('$name', (given) => {
  expect(planOf(given)).toEqual(given.plan)
})

test('the names of the cases differ', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})
