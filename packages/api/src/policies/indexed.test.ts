import { stringifyJson } from '@resource-broker/json'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timestamp } from '../conditions.ts'
import { type Decision, decide, type PlacementWorld } from '../decide.ts'
import { compileAcceptAPI, type Offer, type OfferRef } from '../filters/compile.ts'
import type { Labels } from '../filters/labels.ts'
import { type BrokeredObject, holds, refusalsOf, subjectOf } from '../filters/match.ts'
import type { Refusal } from '../filters/refusal.ts'
import { gvr } from '../fixtures.ts'
import { PlacementPolicy } from '../kinds/placement-policy.ts'
import { OfferIndex } from '../offers/offer-index.ts'
import { compareRefs, sameRef } from '../offers/rank.ts'
import type { Standing } from '../standing.ts'
import { compilePolicy, type Policy, WHEN } from './compile-policy.ts'
import { type Counting, PolicyIndex } from './policy-index.ts'
import { preferences, refusalBy } from './rate.ts'

const now = new Date('2026-11-30T06:00:00Z')
const others = { ...gvr, resource: 'others' }
const RECORDED = 32

/** What there is, with nothing that helps to find it. */
type Things = {
  offers: Offer[]
  policies: Policy[]
  labels: Map<string, Labels>
  standings: Map<string, Standing>
  taken: number
}

/** The policy that counts, by trying each. */
function naiveCounting(object: BrokeredObject, policies: readonly Policy[]): Counting | undefined {
  const { metadata } = object.object as { metadata?: { labels?: Labels } }
  const subject = subjectOf(object.object, object.consumer)
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  const sorted = policies.toSorted(
    (a, b) => b.priority - a.priority || text(a.created, b.created) || text(a.name, b.name),
  )
  for (const policy of sorted) {
    const { resources, consumers, objects, when } = policy
    const isFor = (its: { group: string; resource: string }) =>
      its.group === object.gvr.group && its.resource === object.gvr.resource
    if (resources !== undefined && !resources.some(isFor)) continue
    if (consumers !== undefined && !consumers.some((it) => it.holds(object.consumer))) continue
    if (objects !== undefined && !objects.holds(metadata?.labels)) continue
    if (when === undefined) return { policy }
    if ('mistake' in when) return { policy, obstacle: `${WHEN}: ${when.mistake}` }
    const result = when.evaluate(subject.cel())
    if ('value' in result && result.value === true) return { policy }
    if ('error' in result && result.kind !== 'notYet') return { policy, obstacle: `${WHEN}: ${result.error}` }
  }
  return undefined
}

/** A policy of which nothing is remembered. */
const anew = ({ policy, ...obstacle }: Counting): Counting => ({ policy: { ...policy }, ...obstacle })

type Naive = Things & { counting: Counting | undefined }

const names = ({ ref }: Offer) => ({ providerCluster: ref.providerCluster, acceptAPIName: ref.name })

/** Why an offer that accepts an object does not take it. */
function naiveRefusal({ ref, capacity }: Offer, { counting, labels, standings, taken }: Naive): Refusal | undefined {
  const its = { ...labels.get(ref.providerCluster) }
  const isAllowed = ({ policy: { require }, obstacle }: Counting) =>
    obstacle === undefined && (require === undefined || require.some((term) => term.holds(its)))
  if (counting !== undefined && !isAllowed(counting)) return refusalBy(anew(counting), its)
  const stands = standings.get(ref.providerCluster) ?? 'open'
  const got = stands === 'cordoned' ? 'spec.unschedulable' : 'spec.drain'
  if (stands !== 'open') return { path: '', rule: stands, want: 'a provider that takes new objects', got }
  if (taken < capacity) return undefined
  return { path: '', rule: 'capacity', want: `fewer than ${capacity} objects placed there`, got: String(taken) }
}

function naiveScore(offer: Offer, { counting, labels }: Naive) {
  const says = counting !== undefined && counting.policy.prefer.length > 0
  const its = says ? preferences(counting, labels.get(offer.ref.providerCluster)) : {}
  const parts = { weight: offer.weight, ...its }
  const score = Object.values(parts).reduce((sum, part) => sum + part, 0)
  return { offer, recorded: { ...names(offer), score, ...(says ? { parts } : {}) } }
}

function naiveRecord(object: BrokeredObject, accepting: readonly Offer[], things: Naive) {
  const { offers, counting } = things
  const subject = subjectOf(object.object, object.consumer)
  const rated = accepting
    .filter((offer) => naiveRefusal(offer, things) === undefined)
    .map((offer) => naiveScore(offer, things))
    .sort((a, b) => b.recorded.score - a.recorded.score || compareRefs(a.offer.ref, b.offer.ref))
  const closed = accepting.flatMap((offer) => {
    const why = naiveRefusal(offer, things)
    return why === undefined ? [] : [{ ...names(offer), ...why }]
  })
  const refusing = offers
    .filter((it) => it.gvr.resource === object.gvr.resource && !accepting.includes(it))
    .sort((a, b) => compareRefs(a.ref, b.ref))
  const refused = refusing.flatMap((offer) => refusalsOf(offer, subject).map((why) => ({ ...names(offer), ...why })))
  const record = {
    time: timestamp(now),
    candidates: rated.slice(0, RECORDED).map(({ recorded }) => recorded),
    refused: [...closed, ...refused].slice(0, RECORDED),
    refusedCount: closed.length + refusing.length,
    ...(counting === undefined ? {} : { policy: counting.policy.name }),
  }
  return { record, best: rated[0]?.offer }
}

/** What `decide` is to say of an object that is nowhere or at `current`: by trying each offer, and sorting all. */
function naiveDecision(object: BrokeredObject, current: OfferRef | undefined, things: Things): Decision {
  const subject = subjectOf(object.object, object.consumer)
  const accepting = things.offers
    .filter((it) => it.gvr.resource === object.gvr.resource && holds(it, subject))
    .sort((a, b) => b.weight - a.weight || compareRefs(a.ref, b.ref))
  const its = accepting.filter(({ ref }) => ref.providerCluster === current?.providerCluster)
  const isCurrent = ({ ref }: Offer) => current !== undefined && sameRef(ref, current)
  const kept = its.find(isCurrent) ?? its.find(({ capacity }) => things.taken < capacity)
  const isDrained = current !== undefined && things.standings.get(current.providerCluster) === 'draining'
  if (kept !== undefined && !isDrained) return { verdict: 'stay', offer: kept }
  const counting = naiveCounting(object, things.policies)
  const { record, best } = naiveRecord(object, accepting, { ...things, counting })
  if (kept !== undefined && best === undefined) return { verdict: 'stay', offer: kept, record }
  if (current === undefined) {
    const closed = accepting.map((it) => naiveRefusal(it, { ...things, counting })?.rule)
    const because = counting?.obstacle === undefined ? 'PolicyForbids' : 'Misconfigured'
    const otherwise = closed.includes('capacity') ? 'Full' : 'NoProviderAccepts'
    const reason = closed.includes('policy') ? because : otherwise
    return best ? { verdict: 'place', offer: best, record } : { verdict: 'refuse', reason, record }
  }
  return best ? { verdict: 'move', from: current, offer: best, record } : { verdict: 'strand', from: current, record }
}

const provider = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const label = fc.constantFrom('region', 'tier', '__proto__', 'constructor')
const value = fc.constantFrom('x', 'y', '', 'xy')
const labelSet = fc.array(fc.tuple(label, value), { maxLength: 3 }).map((all): Labels => Object.fromEntries(all))
const expression = fc.oneof(
  fc.record({
    key: label,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(value, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ key: label, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
)
const matchLabels = fc
  .array(fc.tuple(fc.constantFrom('region', 'tier'), value), { maxLength: 2 })
  .map((all) => Object.fromEntries(all))
const labelTerm = fc.oneof(
  fc.record({ matchLabels }),
  fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }),
  fc.record({ matchLabels, matchExpressions: fc.array(expression, { maxLength: 2 }) }),
)
const path = fc.constantFrom(
  'root:**',
  'root:*',
  'root:a:*',
  'root:a:shop',
  'cluster-1',
  'cluster-*',
  '**',
  '*1',
  'root:*:shop',
)
const consumerSelector = fc.oneof(
  fc.record({ path }),
  labelTerm,
  fc.tuple(path, labelTerm).map(([at, term]) => ({ path: at, ...term })),
)
const when = fc.constantFrom(
  "object.spec.size == 'x'",
  "object.spec.size in ['x', 'y']",
  "'y' == object.spec.size",
  'object.spec.size == 1 && object.spec.count == 1',
  "object.spec.size in ['x', 1]",
  "object.spec.size.count == 'x' && object.spec.count > 1",
  "'x' in object.spec.size",
  "object.spec.size == 'x' && object.spec.count > 0 && object.metadata.labels.tier == 'y'",
  "object.spec.size == 'x' && object.spec.count + 1 > 2",
  "object.spec.count > 1 && object.spec.size == 'y'",
  'object.spec.count >= 2',
  "object.spec.size.startsWith('x')",
  "object.spec.size.count == 'x'",
  'has(object.spec.size)',
  "!(object.spec.size == 'x')",
  "object.spec.size == 'x' || object.spec.count == 1",
  "object.metadata.labels.tier == 'x'",
  'objekt.spec.size == 1',
)
const someOf = <T>(most: number, of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: most })
const resource = fc.constantFrom(gvr, others).map(({ group, resource: its }) => ({ group, resource: its }))
const policy = fc
  .record({
    name: fc.constantFrom('p', 'q', 'r', 's', 't', 'u'),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    selector: fc.oneof(
      fc.record({ when }),
      fc.record(
        { resources: someOf(2, resource), consumers: someOf(3, consumerSelector), objects: labelTerm, when },
        { requiredKeys: [] },
      ),
    ),
    priority: fc.nat(2),
    rest: fc.record(
      {
        require: someOf(2, labelTerm),
        prefer: someOf(
          3,
          fc.tuple(fc.integer({ min: 1, max: 4 }), labelTerm).map(([weight, it]) => ({ weight, ...it })),
        ),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ name, created, selector, priority, rest }): Policy => {
    const { apiVersion, kind } = PlacementPolicy
    const metadata = { name, creationTimestamp: created }
    const { policy: its, mistakes } = compilePolicy({
      apiVersion,
      kind,
      metadata,
      spec: { selector, priority, ...rest },
    })
    if (its === undefined) throw new Error(stringifyJson(mistakes))
    return its
  })
const offer = fc
  .record({
    at: provider,
    name: fc.nat(11),
    of: fc.constantFrom(gvr, gvr, gvr, others),
    sizes: fc.option(someOf(2, value)),
    weight: fc.integer({ min: 1, max: 4 }),
    capacity: fc.option(fc.integer({ min: 1, max: 3 })),
  })
  .map(({ at, name, of, sizes, weight, capacity }): Offer => {
    const filters = sizes === null ? [] : [{ key: 'size', valueIn: sizes }]
    const spec = { gvr: of, weight, filters, ...(capacity === null ? {} : { capacity }) }
    const compiled = compileAcceptAPI(
      { apiVersion: 'broker.platform-mesh.io/v1alpha1', kind: 'AcceptAPI', metadata: { name: `o${name}` }, spec },
      at,
    )
    if ('mistakes' in compiled) throw new Error(stringifyJson(compiled.mistakes))
    return compiled.offer
  })
const ref = fc.tuple(provider, fc.nat(11)).map(([providerCluster, name]) => ({ providerCluster, name: `o${name}` }))
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('policy' as const), policy }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('no policy' as const), name: fc.constantFrom('p', 'q', 'r') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('offers' as const), offers: someOf(12, offer) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('no offer' as const), ref }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('labels' as const), provider, labels: fc.option(labelSet) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('standing' as const),
      provider,
      standing: fc.constantFrom<Standing>('open', 'cordoned', 'draining'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('taken' as const), taken: fc.nat(3) }) },
)
const question = fc
  .record({
    of: fc.constantFrom(gvr, gvr, others),
    consumer: fc.record(
      {
        cluster: fc.constantFrom('cluster-1', 'cluster-2'),
        path: fc.constantFrom('root:a', 'root:a:shop', 'root:b:shop'),
        labels: labelSet,
      },
      { requiredKeys: ['cluster'] },
    ),
    labels: fc.option(labelSet),
    spec: fc.record(
      {
        size: fc.oneof(value, fc.constantFrom<unknown>(1, null, true, {}, ['x'], { count: 'x' }, { count: null })),
        count: fc.constantFrom<unknown>(0, 1, 2, 'x'),
      },
      { requiredKeys: [] },
    ),
    current: fc.option(ref, { nil: undefined }),
  })
  .map(({ of, consumer, labels, spec, current }) => {
    const object = { spec, ...(labels === null ? {} : { metadata: { labels } }) }
    return { object: { consumer, gvr: of, name: 'x', uid: 'u', generation: 1, object }, current }
  })

test('whatever a policy selects by, the one that counts is found as by trying each', () => {
  fc.assert(
    fc.property(someOf(5, policy), someOf(8, question), (all, questions) => {
      const policies = [...new Map(all.map((it) => [it.name, it])).values()]
      const index = new PolicyIndex()
      for (const it of policies) index.set(it)
      const told = ({ policy: { name }, obstacle }: Counting) => [name, obstacle]
      for (const { object } of questions) {
        const [found, expected] = [index.for(object), naiveCounting(object, policies)]
        expect(found && told(found)).toEqual(expected && told(expected))
      }
    }),
    { numRuns: 300, seed: 20261130 },
  )
})

test('after whatever changes to policies, providers and offers, what is decided is what trying all of them decides', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 12 }),
      fc.array(question, { minLength: 1, maxLength: 4 }),
      (changes, questions) => {
        const things: Things = { offers: [], policies: [], labels: new Map(), standings: new Map(), taken: 0 }
        const index = { offers: new OfferIndex(), policies: new PolicyIndex() }
        const world: PlacementWorld = {
          ...index,
          usage: () => things.taken,
          standing: (of) => things.standings.get(of) ?? 'open',
          labels: (of) => things.labels.get(of),
          scores: () => undefined,
        }
        for (const each of changes) {
          apply(each, things, index)
          for (const asked of questions) {
            const decided = decide(asked, world, now)
            const expected = naiveDecision(asked.object, asked.current, things)
            expect(stringifyJson(decided)).toBe(stringifyJson(expected))
            if ('offer' in decided && 'offer' in expected) expect(decided.offer).toBe(expected.offer)
          }
        }
      },
    ),
    { numRuns: 200, seed: 20261130 },
  )
})

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function apply(it: Change, things: Things, { offers, policies }: { offers: OfferIndex; policies: PolicyIndex }): void {
  const without = (gone: OfferRef) => things.offers.filter((each) => !sameRef(each.ref, gone))
  switch (it.do) {
    case 'policy':
      things.policies = [...things.policies.filter(({ name }) => name !== it.policy.name), it.policy]
      policies.set(it.policy)
      return
    case 'no policy':
      things.policies = things.policies.filter(({ name }) => name !== it.name)
      policies.delete(it.name)
      return
    case 'offers':
      for (const one of it.offers) {
        things.offers = [...without(one.ref), one]
        offers.set(one)
      }
      return
    case 'no offer':
      things.offers = without(it.ref)
      offers.delete(it.ref)
      return
    case 'labels':
      if (it.labels === null) things.labels.delete(it.provider)
      else things.labels.set(it.provider, it.labels)
      return
    case 'standing':
      things.standings.set(it.provider, it.standing)
      return
    case 'taken':
      things.taken = it.taken
  }
}
