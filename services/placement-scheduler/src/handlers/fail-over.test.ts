import {
  type Absences,
  annotations,
  compilePolicy,
  finalizer,
  keyOf,
  type Migration,
  type OfferIndex,
  PolicyIndex,
  type Standing,
  timestamp,
} from '@resource-broker/api'
import { type KubeObject, PASSING_MS } from '@resource-broker/bus'
import { ConnectionError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import type { FailoverAnswer } from '../failover/failovers.ts'
import {
  assignment,
  consumerOf,
  migration,
  NO_QUOTAS,
  offersOf,
  platformOf,
  policy,
  ref,
  source,
  viewOf,
} from '../fixtures.ts'
import { place } from './place.ts'
import { isAffected } from './reconsider.ts'

const KEY = keyOf(ref)
const BEGIN = Date.parse('2026-11-30T06:00:00Z')
const at = (seconds: number) => new Date(BEGIN + seconds * 1_000)
const SINCE = timestamp(at(0))

type Around = {
  /** Seconds since alpha went away. */
  now: number
  offers?: OfferIndex
  absences?: Absences
  failover?: object | null
  standing?: Standing
  presence?: 'connected' | 'away' | 'lost'
  /** What the platform says of whether the object may leave. */
  answer?: FailoverAnswer
  /** It can be spoken to, whatever its record says. */
  isBehind?: boolean
  moves?: Migration[]
  /** What the Assignment says. */
  conditions?: object[]
}

const away = (...names: string[]): Absences => ({ total: 3, away: new Map(names.map((name) => [name, SINCE])) })

/** An object at alpha, which is away unless said otherwise, under a policy that has objects leave such a provider after a minute. */
function world({
  now,
  offers = offersOf('alpha', 'beta'),
  absences = away('alpha'),
  failover = { after: '1m' },
  standing = 'open',
  presence = 'connected',
  answer = { is: 'due', since: SINCE },
  isBehind = false,
  moves = [],
  conditions,
}: Around) {
  const placed = assignment()
  const record = placed.object as KubeObject
  if (conditions !== undefined) record.status = { phase: 'Bound', conditions }
  const platform = platformOf(record, ...(moves as unknown as KubeObject[]))
  const events: { reason: string }[] = []
  const consumer = {
    ...platformOf().client,
    apply: async () => ({ metadata: { resourceVersion: '8' } }),
    create: async (_ref: object, event: { reason: string }) => events.push(event),
  }
  const policies = new PolicyIndex()
  const { policy: compiled } = compilePolicy(policy({ selector: {}, ...(failover === null ? {} : { failover }) }))
  if (compiled !== undefined) policies.set(compiled)
  const asked: string[] = []
  const context = {
    bus: { publish: async () => undefined },
    clusters: {
      coordination: { ...platform.client, now: () => at(now) },
      consumers: { client: () => consumer, describe: consumerOf, uidOf: () => undefined },
      providers: {
        isGone: (name: string) => name === 'alpha' && presence !== 'connected',
        presence: () => ({ state: presence }),
        client: () =>
          isBehind ? platformOf().client : { get: () => Promise.reject(new ConnectionError('no answer')) },
      },
    },
    offers: { index: offers, isKnown: () => true, generationOf: () => 1 },
    capacity: { usageBy: () => () => 0, claim: async () => true, isUnsettled: () => false },
    quotas: NO_QUOTAS,
    standings: { of: (name: string) => (name === 'alpha' ? standing : 'open'), labels: () => undefined, absences },
    policies: { index: policies },
    failovers: {
      ask: async (name: string, provider: string) => {
        asked.push(`${name}: ${provider}`)
        return answer
      },
    },
    logger: { info: () => undefined },
    now: () => at(now),
  } as unknown as SchedulerContext
  const guarded = { finalizers: [finalizer], annotations: { [annotations.providerCluster]: 'alpha' } }
  const view = viewOf({
    source: { ref, object: source(guarded) },
    assignment: placed,
    decision: { uid: 'uid-a', generation: 2, sourceVersion: '7', provider: 'alpha' },
    ...Object.fromEntries(
      moves.map((move) => [`migration/${move.metadata.name}`, { name: move.metadata.name, object: move }]),
    ),
  })
  const look = () => place(context, { key: KEY, view, attempt: 1 } as Parameters<typeof place>[1])
  const migrations = () =>
    [...platform.held.values()].flatMap(({ kind, spec }) => (kind === 'Migration' ? [spec as Migration['spec']] : []))
  const said = () => {
    const { status } = platform.held.get('assignment-a') as {
      status?: { conditions?: { reason: string; message: string }[] }
    }
    return status?.conditions?.[0]
  }
  return { look, migrations, said, asked, events, view, isAffected: () => isAffected(context, KEY, view) }
}

test('an object whose provider is away says when it fails over, is looked at again just then, and moves nowhere until it has lasted', async () => {
  const { look, migrations, said, asked, view } = world({ now: 10 })
  expect(await look()).toEqual({ done: true, againAfterMs: 50_000 })
  expect(said()).toMatchObject({
    ...{ type: 'Accepted', status: 'Unknown', reason: 'AwaitsFailover' },
    message: `placed at alpha, which is away since ${SINCE}; failover at ${timestamp(at(60))}`,
  })
  expect([migrations(), asked]).toEqual([[], []])
  expect(view.get('decision')).toMatchObject({ provider: 'alpha' })
})

test('kueue#12999: of a provider that has just gone nothing is told until that has lasted for a moment', async () => {
  const { look, said } = world({ now: 1 })
  expect(await look()).toEqual({ done: true, againAfterMs: PASSING_MS - 1_000 })
  expect(said()).toBeUndefined()
})

test('an object stays whose provider answers while its record says that it is away, and is looked at again', async () => {
  const { look, migrations, said, asked, view } = world({ now: 60, isBehind: true })
  expect(await look()).toEqual({ done: true, againAfterMs: 10_000 })
  expect(said()).toMatchObject({
    ...{ status: 'Unknown', reason: 'FailoverHeld' },
    message: `placed at alpha, which is away since ${SINCE}; failover is held: it answers, and its Provider does not say so: does a workspace-watcher run?`,
  })
  expect([migrations(), asked]).toEqual([[], []])
  expect(view.get('decision')).toMatchObject({ provider: 'alpha' })
})

test('an object whose provider is away for so long moves, on account of its policy, and is kept at its provider until that begins', async () => {
  const { look, migrations, asked, view } = world({ now: 60 })
  expect(await look()).toEqual({ done: true })
  expect(asked).toEqual(['some: alpha'])
  const failover = { policy: 'some', awaySince: SINCE }
  expect(migrations()).toMatchObject([
    { from: { providerCluster: 'alpha' }, to: { providerCluster: 'beta' }, failover },
  ])
  expect(Object.keys(migrations()[0] ?? {})).not.toContain('cause')
  expect(view.get('decision')).toMatchObject({ provider: 'alpha' })
  await look()
  expect([migrations().length, asked.length]).toEqual([1, 1])
})

test.each([
  {
    what: 'karmada#7455: nobody else accepts it',
    offers: offersOf('alpha'),
    why: `nobody else accepts the object: 0 of 1 offer: 1 away; alpha/small: away wants a provider that can be spoken to, got away since ${SINCE}`,
    again: undefined,
  },
  {
    what: 'who accepts it is away as well',
    absences: away('alpha', 'beta'),
    failover: { after: '1m', stopAbove: 90 },
    why: `nobody else accepts the object: 0 of 2 offers: 2 away; alpha/small: away wants a provider that can be spoken to, got away since ${SINCE}; beta/small: away wants a provider that can be spoken to, got away since ${SINCE}`,
    again: undefined,
  },
  {
    what: 'too many providers are away',
    absences: away('alpha', 'gamma'),
    why: '2 of 3 providers are away, PlacementPolicy some stops above 50 %',
    again: undefined,
  },
  {
    what: 'too many others fail over',
    answer: {
      is: 'held',
      since: SINCE,
      why: 'PlacementPolicy some lets 10 objects fail over in a minute',
      againMs: 7,
    } as const,
    why: 'PlacementPolicy some lets 10 objects fail over in a minute',
    again: 7,
  },
])('karmada#6925: an object that does not fail over says why: $what', async ({ what: _, why, again, ...around }) => {
  const { look, migrations, said, events } = world({ now: 60, ...around })
  expect(await look()).toEqual({ done: true, ...(again === undefined ? {} : { againAfterMs: again }) })
  const message = `placed at alpha, which is away since ${SINCE}; failover is held: ${why}`
  expect(said()).toMatchObject({ status: 'Unknown', reason: 'FailoverHeld', message })
  expect(migrations()).toEqual([])
  expect(events).toMatchObject([{ reason: 'FailoverHeld', message }])
})

test.each([
  { what: 'has a policy that does not ask for it', failover: null },
  { what: 'is at a provider that is not away', absences: away('beta') },
  { what: 'is at a provider that is drained: that is what moves it', standing: 'draining' as const, moves: 1 },
  { what: 'came to be what its provider does not accept: it moves by itself', offers: offersOf('beta'), moves: 1 },
])('nothing fails over of an object that $what', async ({ what: _, moves = 0, ...around }) => {
  const { look, migrations, asked } = world({ now: 600, ...around })
  await look()
  expect(migrations()).toHaveLength(moves)
  expect([migrations().every((spec) => spec.failover === undefined), asked]).toEqual([true, []])
})

test.each([
  { what: 'is given up', presence: 'lost' as const, moves: [undefined] },
  { what: 'is gone with its offers for a moment', presence: 'away' as const, now: 5, moves: [] },
  {
    what: 'is gone with its offers, which is not recorded yet',
    presence: 'away' as const,
    absences: away(),
    moves: [],
  },
  {
    what: 'is gone with its offers for long',
    presence: 'away' as const,
    moves: [{ policy: 'some', awaySince: SINCE }],
  },
])('an object whose provider $what', async ({ what: _, moves, ...around }) => {
  const { look, migrations } = world({ now: 60, offers: offersOf('beta'), ...around })
  await look()
  expect(migrations().map(({ failover }) => failover)).toEqual(moves)
})

function failingOver(
  state?: Migration['status'] extends infer S ? (S extends { state: infer T } ? T : never) : never,
): Migration {
  const move = migration({ ...(state === undefined ? {} : { state }) }).object as unknown as Migration
  return { ...move, spec: { ...move.spec, failover: { policy: 'some', awaySince: SINCE } } }
}

test.each([
  { what: 'whose provider is back before it began is taken back', absences: away(), cancel: true },
  {
    what: 'that has not begun is taken back when too many providers are away',
    absences: away('alpha', 'gamma'),
    cancel: true,
  },
  {
    what: 'whose provider is given up is taken back, and asked for without its brakes',
    presence: 'lost' as const,
    cancel: true,
  },
  { what: 'whose policy asks for it no more is taken back', failover: null, cancel: true },
  { what: 'whose provider is away still stays', cancel: undefined },
  {
    what: 'whose provider is back after it began goes on',
    absences: away(),
    state: 'InitialInProgress' as const,
    cancel: undefined,
  },
  {
    what: 'that began goes elsewhere when its target is away for as long',
    absences: { total: 5, away: away('alpha', 'beta').away },
    state: 'InitialInProgress' as const,
    cancel: true,
  },
])('a move $what', async ({ what: _, state, cancel, ...around }) => {
  const { look, migrations } = world({ now: 90, moves: [failingOver(state)], ...around })
  await look()
  expect(migrations().map((spec) => spec.cancel)).toEqual([cancel])
})

test('what a move waits for before it begins is told at the object, and that no more once it has begun', async () => {
  const ready = {
    type: 'Ready',
    status: 'False',
    reason: 'Paused',
    message: 'paused by somebody',
    lastTransitionTime: SINCE,
  }
  const waiting = { ...failingOver(), status: { state: 'Pending', conditions: [ready] } } as Migration
  const before = world({ now: 90, moves: [waiting] })
  await before.look()
  expect(before.said()?.message).toBe(
    `placed at alpha, which is away since ${SINCE}; failover is held: Migration migration-1: paused by somebody`,
  )
  const held = {
    type: 'Accepted',
    status: 'Unknown',
    reason: 'FailoverHeld',
    message: 'any',
    lastTransitionTime: SINCE,
  }
  const after = world({ now: 91, moves: [failingOver('InitialInProgress')], conditions: [held] })
  await after.look()
  expect(after.said()).toMatchObject({ status: 'True', reason: 'Accepted' })
})

test('kueue#12999: once its provider is back an object is looked at, says so, and nothing has moved', async () => {
  const waits = {
    type: 'Accepted',
    status: 'Unknown',
    reason: 'AwaitsFailover',
    message: 'any',
    lastTransitionTime: SINCE,
  }
  const { look, isAffected: isLookedAt, said, migrations } = world({ now: 30, absences: away(), conditions: [waits] })
  expect(isLookedAt()).toBe(true)
  await look()
  expect(said()).toMatchObject({ status: 'True', reason: 'Accepted' })
  expect(migrations()).toEqual([])
  expect(isLookedAt()).toBe(false)
})

test.each([
  { what: 'one that its policy has leave such a provider', failover: { after: '1m' }, is: true },
  { what: 'no other', failover: null, is: false },
])('of the objects of a provider that went away $what is looked at', ({ failover, is }) => {
  expect(world({ now: 5, failover }).isAffected()).toBe(is)
})
