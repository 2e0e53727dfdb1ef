import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Decision, decide, isBarred } from '../decide.ts'
import { refusalMessage } from '../decision-message.ts'
import {
  gvr,
  nameOfRef,
  type OfferCase,
  objectOf,
  type PlacementCase,
  type PolicyCase,
  policiesOf,
  questionOf,
  worldOf,
} from '../fixtures.ts'
import { Assignment, type DecisionRecord } from '../kinds/assignment.ts'
import { vectors } from '../test-vectors.ts'
import { compilePolicy } from './compile-policy.ts'

type Told = {
  verdict: string
  /** Of one that is refused. */
  reason?: string
  offer?: string
  policy?: string
  /** Of an answer with no candidate. */
  told?: string
  /** By the offer, best first. */
  candidates?: Record<string, object>
  refused?: string[]
}

const now = new Date('2026-11-30T06:00:00Z')

function toldOf(decision: Decision): Told {
  const record: DecisionRecord | undefined = 'record' in decision ? decision.record : undefined
  return {
    verdict: decision.verdict,
    ...('reason' in decision ? { reason: decision.reason } : {}),
    ...('offer' in decision ? { offer: nameOfRef(decision.offer.ref) } : {}),
    ...(record?.policy === undefined ? {} : { policy: record.policy }),
    ...(record?.candidates.length === 0 ? { told: refusalMessage(record) } : {}),
    candidates: Object.fromEntries(
      (record?.candidates ?? []).map(({ providerCluster, acceptAPIName, ...rated }) => [
        `${providerCluster}/${acceptAPIName}`,
        rated,
      ]),
    ),
    refused: (record?.refused ?? []).map(
      ({ providerCluster, acceptAPIName, rule, want, got }) =>
        `${providerCluster}/${acceptAPIName}: ${rule} wants ${want}, got ${got}`,
    ),
  }
}

test.each([
  ...vectors<PlacementCase & { expect: Told }>('placement/policies.json'),
  ...vectors<PlacementCase & { expect: Told }>('placement/failover.json'),
])('$name', (it) => {
  const told = toldOf(decide(questionOf(it), worldOf(it), now))
  expect(ofAnswer(told)).toEqual(ofAnswer(it.expect))
  expect(told).toMatchObject(it.expect)
  if (it.expect.candidates !== undefined) {
    expect(told.candidates).toEqual(it.expect.candidates)
    expect(Object.keys(told.candidates ?? {})).toEqual(Object.keys(it.expect.candidates))
  }
})

const ofAnswer = ({ verdict, reason, offer, policy }: Told) => ({ verdict, reason, offer, policy })

test.each(vectors<{ name: string; spec: unknown; mistakes: object[] }>('compile/policy-mistakes.json'))(
  'names the mistake: $name',
  ({ spec, mistakes }) => {
    const policy = {
      apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name: 'p' },
    }
    expect(compilePolicy({ ...policy, spec }).mistakes).toEqual(mistakes)
  },
)

test('an object is barred from a provider by its policy as by an order to the provider', () => {
  const world = worldOf({
    name: '',
    offers: [],
    providers: {
      alpha: { labels: { region: 'us' } },
      beta: { labels: { region: 'eu' } },
      gamma: { labels: { region: 'eu' }, drain: {} },
    },
    policies: [{ name: 'eu', spec: { selector: {}, require: [{ matchLabels: { region: 'eu' } }] } }],
  })
  const barred = ['alpha', 'beta', 'gamma', 'unheard-of'].filter((provider) => isBarred(objectOf({}), provider, world))
  expect(barred).toEqual(['alpha', 'gamma', 'unheard-of'])
})

test('a record with as many preferences as a policy may have fits into an Assignment', () => {
  const prefer = Array.from({ length: 32 }, () => ({ weight: 1_000_000, matchLabels: { a: 'b' } }))
  const offers = Array.from({ length: 40 }, (_, i): OfferCase => [`p${i}`, 'x', { weight: 1_000_000 }])
  const providers = Object.fromEntries(offers.map(([name]) => [name, { labels: { a: 'b' } }]))
  const it = { name: '', offers, providers, policies: [{ name: 'p', spec: { selector: {}, prefer } }] }
  const decision = decide(questionOf(it), worldOf(it), now)
  const spec = { consumerCluster: 'c', gvr, name: 'n', uid: 'u' }
  const status = { phase: 'Bound', decision: 'record' in decision ? decision.record : undefined }
  const parsed = Assignment.parse({
    ...{ apiVersion: Assignment.apiVersion, kind: 'Assignment', metadata: { name: 'x' } },
    spec: { ...spec, providerCluster: 'p0', acceptAPIName: 'x' },
    status,
  })
  expect(parsed.ok && parsed.value.status?.decision?.candidates[0]?.score).toBe(33_000_000)
})

test('a policy that is gone says nothing, and one that is written anew says what it says now', () => {
  const policies = policiesOf({ name: 'p', spec: { selector: {}, priority: 1 } }, { name: 'q', spec: { selector: {} } })
  const counts = () => policies.for(objectOf({}))?.policy.name
  const seen = [counts()]
  const { policy } = compilePolicy({
    ...{ apiVersion: 'coord.broker.platform-mesh.io/v1alpha1', kind: 'PlacementPolicy', metadata: { name: 'p' } },
    spec: { selector: {}, priority: -1 },
  })
  if (policy !== undefined) policies.set(policy)
  seen.push(counts())
  policies.delete('q')
  seen.push(counts())
  policies.delete('p')
  policies.delete('p')
  seen.push(counts())
  expect(seen).toEqual(['p', 'q', 'p', undefined])
})

const provider = fc.constantFrom('a', 'b', 'c', 'd')
const label = fc.constantFrom('eu', 'us', 'ap')
const offer = fc
  .tuple(provider, fc.constantFrom('x', 'y'), fc.constantFrom('small', 'large'), fc.nat(3), fc.nat(2))
  .map(([at, name, size, weight, capacity]): OfferCase => {
    return [at, name, { filters: [{ key: 'size', valueIn: [size] }], weight, ...(capacity === 0 ? {} : { capacity }) }]
  })
const term = label.map((region) => ({ matchLabels: { region } }))
const policy = fc
  .tuple(
    fc.nat(2),
    fc.option(fc.array(term, { minLength: 1, maxLength: 2 })),
    fc.array(term, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([priority, require, prefer, isForLarge]) => ({
    selector: isForLarge ? { when: "object.spec.size == 'large'" } : {},
    priority,
    ...(require === null ? {} : { require }),
    ...(prefer.length === 0 ? {} : { prefer: prefer.map((it, i) => ({ weight: i + 1, ...it })) }),
  }))

test('whatever is asked for, nothing comes to where its policy does not allow it, what is accepted stays, and no order matters', () => {
  fc.assert(
    fc.property(
      fc
        .array(offer, { maxLength: 12 })
        .map((all) => [...new Map(all.map((it) => [`${it[0]}/${it[1]}`, it])).values()]),
      fc.dictionary(provider, label),
      fc.array(policy, { maxLength: 4 }),
      fc.constantFrom('small', 'large'),
      fc.option(fc.tuple(provider, fc.constantFrom('x', 'y')), { nil: undefined }),
      fc.nat(3),
      (offers, regions, specs, size, at, used) => {
        const current = at && { providerCluster: at[0], name: at[1] }
        const question = { object: objectOf({ size }), current }
        const policies = specs.map((spec, i): PolicyCase => ({ name: `p${i}`, spec }))
        const among = (all: OfferCase[], its: PolicyCase[]) => ({
          ...worldOf({ name: '', offers: all, policies: its }),
          usage: () => used,
          labels: (of: string) => (regions[of] === undefined ? undefined : { region: regions[of] }),
        })
        const world = among(offers, policies)
        const decision = decide(question, world, now)
        if ('offer' in decision && decision.offer.ref.providerCluster !== current?.providerCluster)
          expect(isBarred(question.object, decision.offer.ref.providerCluster, world)).toBe(false)
        const plain = decide(question, among(offers, []), now)
        expect(decision.verdict === 'stay').toBe(plain.verdict === 'stay')
        const turned = among(offers.toReversed(), policies.toReversed())
        expect(JSON.stringify(decide(question, turned, now))).toBe(JSON.stringify(decision))
      },
    ),
    { numRuns: 200, seed: 20261130 },
  )
})
