import {
  type Assignment,
  type AssignmentCopy,
  annotations,
  finalizer,
  keyOf,
  type Migration,
  OfferIndex,
  type OfferRef,
  PolicyIndex,
  type Standing,
} from '@resource-broker/api'
import { type KubeObject, LEARNED_FOR_MS, type Publication } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import {
  assignment,
  consumerOf,
  migration,
  NO_QUOTAS,
  offersOf,
  platformOf,
  policyFor,
  ref,
  source,
  viewOf,
} from '../fixtures.ts'
import { newMemory } from '../memory.ts'
import { look } from './look.ts'
import { place } from './place.ts'
import { isAffected } from './reconsider.ts'

const OWN = keyOf(ref)
const guarded = { finalizers: [finalizer], annotations: { [annotations.providerCluster]: 'alpha' } }

/** A scheduler that knows of no offer, and what it writes. */
function schedulerWith(...records: KubeObject[]) {
  return schedulerAmong(new OfferIndex(), ...records)
}

/** The same among offers, of providers that are open. */
function schedulerAmong(index: OfferIndex, ...records: KubeObject[]) {
  return schedulerIn({ index }, ...records)
}

type Around = {
  index: OfferIndex
  hasRoom?: boolean
  standing?: (provider: string) => Standing
  policies?: PolicyIndex
}

/** The same where providers stand in some way. */
function schedulerWhere(standing: (provider: string) => Standing, index: OfferIndex, ...records: KubeObject[]) {
  return schedulerIn({ index, standing }, ...records)
}

/** The same where there may be no room at any offer. */
function schedulerIn(
  { index, hasRoom = true, standing = () => 'open', policies = new PolicyIndex() }: Around,
  ...records: KubeObject[]
) {
  const platform = platformOf(...records)
  const told: object[] = []
  const consumer = {
    ...platformOf().client,
    apply: async () => ({ metadata: { resourceVersion: '8' } }),
    mergePatch: async (_ref: object, patch: object) => {
      told.push(patch)
      return source()
    },
  }
  const published: Publication[] = []
  const claimed: string[] = []
  const context = {
    bus: { publish: async (publication: Publication) => published.push(publication) },
    clusters: {
      coordination: platform.client,
      consumers: { client: () => consumer, describe: consumerOf, uidOf: () => undefined },
      providers: { isGone: () => true },
    },
    offers: { index, isKnown: () => true },
    capacity: {
      settle: async () => undefined,
      isUnsettled: () => false,
      usageBy: () => () => 0,
      claim: async (_key: string, _uid: string, { providerCluster }: OfferRef) => {
        claimed.push(providerCluster)
        return hasRoom
      },
    },
    quotas: NO_QUOTAS,
    standings: { of: standing, labels: (provider: string) => ({ name: provider }) },
    policies: { index: policies },
    logger: { info: () => undefined },
    now: () => new Date(0),
  } as unknown as SchedulerContext
  return { context, platform, published, claimed, told }
}

const run = (key: string, view: ReturnType<typeof viewOf>) => ({ key, view, attempt: 1 }) as Parameters<typeof place>[1]

test('nothing is placed under a key that is not the object’s own: it is about to be told of under that', async () => {
  const { context, published } = schedulerWith()
  const view = viewOf({ source: { ref, object: source() } })
  expect(await place(context, run('0'.repeat(32), view))).toEqual({ done: true })
  expect([published, view.get('assignment')]).toEqual([[], undefined])
})

test.each([
  { what: 'such a key', key: '0'.repeat(32) },
  { what: 'its own', key: OWN },
])(
  'an object that is placed under $what stays so, and its Assignment follows the version in which it is read',
  async ({ key }) => {
    const placed = assignment()
    const { context, platform } = schedulerWith(placed.object as KubeObject)
    const moved = { ...ref, gvr: { ...ref.gvr, version: 'v2' } }
    const view = viewOf({ source: { ref: moved, object: source(guarded) }, assignment: placed })
    await place(context, run(key, view))
    expect(platform.held.get(placed.name)?.['spec']).toMatchObject({ gvr: moved.gvr, providerCluster: 'alpha' })
    expect(view.get('decision')).toMatchObject({ provider: null })
  },
)

test.each(['alpha', 'beta'])(
  'a move to a provider that takes the object no more is cancelled, also once it is there: the object is at %s',
  async (at) => {
    const [placed, moving] = [assignment({ at }), migration({ to: 'beta', state: 'CutoverInProgress' })]
    const { context, platform } = schedulerWith(placed.object as KubeObject, moving.object as KubeObject)
    const object = source({ ...guarded, annotations: { [annotations.providerCluster]: at } })
    const view = viewOf({ source: { ref, object }, assignment: placed, 'migration/migration-1': moving })
    await place(context, run(OWN, view))
    expect(platform.held.get('migration-1')?.['spec']).toMatchObject({ cancel: true })
    expect(view.get('decision')).toMatchObject({ provider: null })
  },
)

test.each([
  { what: 'who alone accepts it has a copy that is kept: the object is moved back there', back: 'alpha', undone: true },
  { what: 'another accepts it: what is kept goes first', back: 'gamma', undone: false },
  { what: 'nobody accepts it: what is kept stays, for a change that takes it back', back: undefined, undone: false },
])('an object that its new provider takes no more, and $what', async ({ back, undone }) => {
  const kept: AssignmentCopy = {
    ...{ providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing' },
    keptUntil: '2026-01-01T02:00:00Z',
  }
  const placed = assignment({ at: 'beta', offer: 'large', copies: [kept] })
  const before = migration({ to: 'beta', state: 'CutoverInProgress' })
  const records = [placed.object as KubeObject, before.object as KubeObject]
  const { context, platform } = schedulerAmong(offersOf(...(back === undefined ? [] : [back])), ...records)
  const object = source({ ...guarded, annotations: { [annotations.providerCluster]: 'beta' } })
  const view = viewOf({ source: { ref, object }, assignment: placed, 'migration/migration-1': before })
  await place(context, run(OWN, view))
  const moves = [...platform.held.values()].flatMap((held) =>
    held.kind === 'Migration' ? [held.spec as Migration['spec']] : [],
  )
  expect(moves.map(({ to, cancel }) => [to.providerCluster, cancel])).toEqual([
    ['beta', back === 'gamma' ? true : undefined],
    ...(undone ? [['alpha', undefined]] : []),
  ])
  expect(view.get('decision')).toMatchObject({ provider: back ?? null })
})

test('a move back to a copy that is kept is asked for once, whatever becomes of the Assignment meanwhile', async () => {
  const kept: AssignmentCopy = {
    ...{ providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing' },
    keptUntil: '2026-01-01T02:00:00Z',
  }
  const placed = assignment({ at: 'beta', offer: 'large', copies: [kept] })
  const before = migration({ to: 'beta', state: 'CutoverInProgress' })
  const { context, platform, claimed } = schedulerAmong(
    offersOf('alpha'),
    placed.object as KubeObject,
    before.object as KubeObject,
  )
  const object = source({ ...guarded, annotations: { [annotations.providerCluster]: 'beta' } })
  const view = viewOf({ source: { ref, object }, assignment: placed, 'migration/migration-1': before })
  await place(context, run(OWN, view))
  const there = placed.object as KubeObject
  const edited = { ...there, metadata: { ...there.metadata, generation: 99, resourceVersion: '99' } }
  view.learn('assignment', undefined, { ...placed, object: edited }, 0)
  await place(context, run(OWN, view))
  expect([...platform.held.values()].filter(({ kind }) => kind === 'Migration')).toHaveLength(2)
  expect(claimed).toEqual(['alpha'])
})

test('an object that its provider takes no more asks for no move while there is no place for it', async () => {
  const placed = assignment({ at: 'alpha' })
  const { context, platform } = schedulerIn({ index: offersOf('beta'), hasRoom: false }, placed.object as KubeObject)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed })
  expect(await place(context, run(OWN, view))).toMatchObject({ requeueAfterMs: 100 })
  expect([...platform.held.values()].filter(({ kind }) => kind === 'Migration')).toEqual([])
})

test.each([
  { state: 'Pending', what: 'has not begun is taken back', cancel: true, provider: null },
  { state: undefined, what: 'nobody has looked at yet is taken back', cancel: true, provider: null },
  { state: 'InitialInProgress', what: 'has begun goes on: its copy is there', cancel: undefined, provider: 'beta' },
  { state: 'CutoverInProgress', what: 'switches goes on', cancel: undefined, provider: 'beta' },
] as const)('a move to a provider that is cordoned meanwhile and that $what', async ({ state, cancel, provider }) => {
  const [placed, moving] = [assignment(), migration({ to: 'beta', ...(state && { state }) })]
  const cordoned = (name: string) => (name === 'beta' ? 'cordoned' : 'open')
  const records = [placed.object as KubeObject, moving.object as KubeObject]
  const { context, platform } = schedulerWhere(cordoned, offersOf('beta'), ...records)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed, 'migration/migration-1': moving })
  await place(context, run(OWN, view))
  const { spec } = platform.held.get('migration-1') as unknown as Migration
  expect(spec.cancel).toBe(cancel)
  expect(view.get('decision')).toMatchObject({ provider })
})

const drained = (name: string) => (name === 'alpha' ? 'draining' : 'open')
const moveTo = (platform: ReturnType<typeof platformOf>) =>
  [...platform.held.values()].flatMap(({ kind, spec }) => (kind === 'Migration' ? [spec as Migration['spec']] : []))

test('what is at a drained provider is moved as its drain, and kept in sync there until that begins', async () => {
  const placed = assignment()
  const offers = offersOf('alpha', 'beta')
  const { context, platform } = schedulerWhere(drained, offers, placed.object as KubeObject)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed })
  await place(context, run(OWN, view))
  expect(moveTo(platform)).toMatchObject([{ to: { providerCluster: 'beta' }, drain: true }])
  expect(moveTo(platform)[0]).not.toHaveProperty('cause')
  expect(view.get('decision')).toMatchObject({ provider: 'alpha' })
  await place(context, run(OWN, view))
  expect(moveTo(platform)).toHaveLength(1)
  expect(view.get('decision')).toMatchObject({ provider: 'alpha' })
})

/** What becomes of a move of the object that is at alpha, and who is to have it. */
async function expectMove(
  around: Around,
  moving: ReturnType<typeof migration>,
  { cancel, provider }: { cancel: true | undefined; provider: string | null },
): Promise<void> {
  const placed = assignment()
  const { context, platform } = schedulerIn(around, placed.object as KubeObject, moving.object as KubeObject)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed, 'migration/migration-1': moving })
  await place(context, run(OWN, view))
  expect(moveTo(platform).map((move) => move.cancel)).toEqual([cancel])
  expect(view.get('decision')).toMatchObject({ provider })
}

test.each([
  { state: 'Pending', standing: 'draining', cancel: undefined, provider: 'alpha' },
  { state: 'Pending', standing: 'open', cancel: true, provider: 'alpha' },
  { state: 'Pending', standing: 'cordoned', cancel: true, provider: 'alpha' },
  { state: 'InitialInProgress', standing: 'draining', cancel: undefined, provider: 'beta' },
  { state: 'InitialInProgress', standing: 'open', cancel: undefined, provider: 'beta' },
] as const)(
  'a move of a drain that is $state while its provider is $standing',
  async ({ state, standing, cancel, provider }) => {
    const moving = migration({ to: 'beta', state })
    const { spec } = moving.object as unknown as Migration
    spec.drain = true
    const stands = (name: string): Standing => (name === 'alpha' ? standing : 'open')
    await expectMove({ index: offersOf('alpha', 'beta'), standing: stands }, moving, { cancel, provider })
  },
)

test('what nobody else takes stays at a drained provider, its Assignment says so once, and no more when the drain is over', async () => {
  const placed = assignment()
  let standing: Standing = 'draining'
  const { context, platform } = schedulerWhere(() => standing, offersOf('alpha'), placed.object as KubeObject)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed })
  const accepted = () => {
    const { status } = platform.held.get(placed.name) as unknown as Assignment
    return status?.conditions?.map(({ status: is, reason, message }) => [is, reason, message])
  }
  await place(context, run(OWN, view))
  const { resourceVersion } = platform.held.get(placed.name)?.metadata ?? {}
  await place(context, run(OWN, view))
  expect(platform.held.get(placed.name)?.metadata.resourceVersion).toBe(resourceVersion)
  const why = 'alpha/small: draining wants a provider that takes new objects, got spec.drain'
  const message = `stays at alpha, which is drained, as nobody else accepts it: 0 of 1 offer: 1 draining; ${why}`
  expect(accepted()).toEqual([['True', 'NobodyElseAccepts', message]])
  expect([moveTo(platform), view.get('decision')]).toMatchObject([[], { provider: 'alpha' }])
  standing = 'open'
  expect(
    isAffected({ ...context, capacity: { ...context.capacity, isUnsettled: () => false } } as never, OWN, view),
  ).toBe(true)
  await place(context, run(OWN, view))
  expect(accepted()).toEqual([['True', 'Accepted', 'the provider accepts the object']])
})

test.each([
  { state: 'Pending', allowed: ['alpha', 'gamma'], cancel: true, provider: null },
  { state: 'Pending', allowed: ['beta'], cancel: undefined, provider: 'beta' },
  { state: 'InitialInProgress', allowed: ['alpha', 'gamma'], cancel: undefined, provider: 'beta' },
] as const)(
  'a move that is $state goes on while its policy allows $allowed',
  async ({ state, allowed, cancel, provider }) => {
    const around = { index: offersOf('beta'), policies: policyFor(...allowed) }
    await expectMove(around, migration({ to: 'beta', state }), { cancel, provider })
  },
)

test('what is placed stays where its policy does not allow it, and is not looked at again when a policy changes', async () => {
  const placed = assignment()
  const index = offersOf('alpha', 'beta')
  const { context, platform } = schedulerIn({ index, policies: policyFor('beta') }, placed.object as KubeObject)
  const view = viewOf({ source: { ref, object: source(guarded) }, assignment: placed })
  await place(context, run(OWN, view))
  expect([moveTo(platform), view.get('decision')]).toMatchObject([[], { provider: 'alpha' }])
  const settled = { ...context, capacity: { ...context.capacity, isUnsettled: () => false } }
  expect(isAffected(settled as never, OWN, view)).toBe(false)
})

test.each([
  { policies: policyFor('gamma'), reason: 'PolicyForbids' },
  { policies: policyFor('beta'), reason: 'NoProviderAccepts', offering: [] },
])('an object that is nowhere reads $reason', async ({ policies, reason, offering = ['beta'] }) => {
  const { context, told } = schedulerIn({ index: offersOf(...offering), policies })
  await place(context, run(OWN, viewOf({ source: { ref, object: source() } })))
  expect(told).toMatchObject([{ status: { conditions: [{ type: 'Placed', status: 'False', reason }] } }])
})

test('the Assignment of an object that is placed by a policy says which, and the object goes where it allows', async () => {
  const { context, platform } = schedulerIn({ index: offersOf('alpha', 'beta'), policies: policyFor('beta') })
  const view = viewOf({ source: { ref, object: source() } })
  await place(context, run(OWN, view))
  const [placed] = platform.held.values()
  expect(placed).toMatchObject({
    spec: { providerCluster: 'beta' },
    status: { decision: { policy: 'some', refused: [{ providerCluster: 'alpha', rule: 'policy' }] } },
  })
})

test('an object whose Assignment somebody deleted gets one for where it was, also from who takes it less gladly', async () => {
  const { context, platform } = schedulerAmong(offersOf('alpha', 'beta'))
  const decision = { uid: 'uid-a', generation: 2, sourceVersion: '7', provider: 'beta' }
  const view = viewOf({ source: { ref, object: source(guarded) }, decision })
  await place(context, run(OWN, view))
  expect([...platform.held.values()]).toMatchObject([{ spec: { providerCluster: 'beta' } }])
})

test('an Assignment that an answer alone has told of is asked for again, and the object placed anew where somebody has deleted it', async () => {
  const { context, platform } = schedulerAmong(offersOf('alpha'))
  const view = viewOf({ source: { ref, object: source(guarded) } })
  const memory = newMemory()
  let learnedForMs = 0
  const lookAgain = async (ms: number) => {
    learnedForMs = ms
    const untold = Object.assign(view, { untoldFor: () => learnedForMs })
    return await look(context, { ...run(OWN, untold), memory } as Parameters<typeof look>[1])
  }
  expect(await lookAgain(0)).toEqual({ done: true, againAfterMs: LEARNED_FOR_MS })
  expect(await lookAgain(4_000)).toEqual({ done: true, againAfterMs: LEARNED_FOR_MS - 4_000 })
  const [placed] = [...platform.held.values()]
  platform.held.clear()
  await lookAgain(LEARNED_FOR_MS - 1)
  expect([...platform.held.values()]).toEqual([])
  await lookAgain(LEARNED_FOR_MS)
  expect([...platform.held.values()]).toMatchObject([{ spec: placed?.['spec'] }])
})
