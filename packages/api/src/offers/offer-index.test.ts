import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileAcceptAPI, type Offer } from '../filters/compile.ts'
import { type BrokeredObject, holds, refusalsOf, subjectOf } from '../filters/match.ts'
import { OfferIndex } from './offer-index.ts'
import { compareOffers } from './rank.ts'

const things = { group: 'g.io', version: 'v1', resource: 'things' }
const others = { group: 'g.io', version: 'v1', resource: 'others' }

function offerOf(providerCluster: string, name: string, spec: object): Offer {
  const acceptAPI = {
    apiVersion: 'broker.platform-mesh.io/v1alpha1',
    kind: 'AcceptAPI',
    metadata: { name },
    spec: { gvr: things, ...spec },
  }
  const compiled = compileAcceptAPI(acceptAPI, providerCluster)
  if ('mistakes' in compiled) throw new Error(JSON.stringify(compiled.mistakes))
  return compiled.offer
}

const objectWith = (spec: unknown, gvr = things, cluster = 'c1'): BrokeredObject => ({
  consumer: { cluster, path: `root:${cluster}` },
  gvr,
  name: 'x',
  uid: 'u',
  generation: 1,
  object: { spec },
})

const key = fc.constantFrom('a', 'b', 'a.c', 'l.0', 'l.1.n', '__proto__', 'constructor')
const word = fc.constantFrom('', 'x', 'y', 'xy', 'yx', 'xyx', '1', '2', '10', '500m', '1Gi', 'true', 'größe')
/** Of 64 bits: the first that a double rounds, and one that a double has but writes otherwise. */
const LARGE = [9007199254740992n, 9007199254740993n, 4611686018427387904n]
const bound = fc.constantFrom<number | bigint | string>(
  ...LARGE,
  -10,
  -1,
  0,
  1,
  2,
  '0.5',
  '1.5',
  '500m',
  '1Gi',
  '9007199254740993',
  '1e400',
)
const boundary = fc
  .record({ min: bound, max: bound }, { requiredKeys: [] })
  .filter(({ min, max }) => min === undefined || max === undefined || 'offer' in compileBounds(min, max))
const condition = fc.oneof(
  fc.record({ valueIn: fc.array(word, { maxLength: 3 }) }),
  fc.record({ notIn: fc.array(word, { maxLength: 2 }) }),
  fc.record({ prefix: word }),
  fc.record({ suffix: word }),
  fc.record({ pattern: fc.constantFrom('^x', 'y$', 'x.*x', 'xy|yx', '^(x|y)+$', '(?i)XY', 'x{2}|1') }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ boundary }),
)
const expressions = [
  'has(object.spec.a)',
  "object.spec.a == 'x'",
  "'xy' == object.spec.b && object.spec.a != 'x'",
  "object.spec.a == 'x' || object.spec.b == 'y'",
  "!(object.spec.a == 'x')",
  'object.spec.b >= 1 && 2 > object.spec.b',
  'object.spec.b == 0.5',
  'object.spec.b == 1',
  'object.spec.b == 9007199254740993',
  'object.spec.b >= 9007199254740993',
  'object.spec.b == 4611686018427387904.0',
  'object.spec.b in [9007199254740992, 9007199254740993]',
  'object.spec.b in [4611686018427387904.0]',
  'object.spec.b == true',
  "object.spec.a in ['x', 'y']",
  'object.spec.b in [1, 2]',
  "object.spec.a.startsWith('x')",
  "object.spec.a.endsWith('x') && object.spec.b < 10",
  "object.spec.a.contains('yx')",
  "object.spec.a.matches('^x.*y') && object.spec.a.c == 'x'",
  "object.spec.a.c == 'x'",
]
const filter = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(key, condition, condition).map(([name, a, b]) => ({ key: name, ...a, ...b })) },
  { weight: 3, arbitrary: fc.constantFrom(...expressions).map((cel) => ({ cel })) },
)
const offer = fc
  .record({
    provider: fc.constantFrom('p1', 'p2', 'p3'),
    name: fc.constantFrom('o1', 'o2', 'o3', 'o4'),
    gvr: fc.constantFrom(things, things, things, others),
    filters: fc.array(filter, { maxLength: 3 }),
    weight: fc.nat({ max: 2 }),
    consumers: fc.constantFrom(undefined, [{ path: 'root:*' }], [{ path: 'c2' }]),
  })
  .map(({ provider, name, consumers, ...spec }) => offerOf(provider, name, consumers ? { ...spec, consumers } : spec))
const step = fc.oneof(
  { weight: 3, arbitrary: offer.map((it) => ({ do: 'set' as const, offer: it })) },
  { weight: 1, arbitrary: offer.map((it) => ({ do: 'delete' as const, offer: it })) },
)
const leaf = fc.oneof(
  word,
  fc.constantFrom<unknown>(-1, 0, 1, 2, 0.5, true, false, null, 9007199254740991, ...LARGE),
  fc.constant([]),
  fc.constant({}),
)
const spec = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      { a: fc.oneof(leaf, fc.record({ c: leaf })), b: leaf, l: fc.tuple(leaf, fc.record({ n: leaf })) },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(undefined, null, 'x', JSON.parse('{"__proto__":"x","constructor":"1"}')),
  },
)
const object = fc
  .tuple(spec, fc.constantFrom(things, others), fc.constantFrom('c1', 'c2'))
  .map((args) => objectWith(...args))

function compileBounds(min: number | bigint | string, max: number | bigint | string) {
  const metadata = { name: 'x' }
  const filters = [{ key: 'a', boundary: { min, max } }]
  return compileAcceptAPI(
    { apiVersion: 'broker.platform-mesh.io/v1alpha1', kind: 'AcceptAPI', metadata, spec: { gvr: things, filters } },
    'p',
  )
}

const sameGVR = (a: BrokeredObject['gvr'], b: BrokeredObject['gvr']) => a.resource === b.resource

test('whatever is set, replaced and deleted, the index finds what trying every offer finds', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(object, { minLength: 1, maxLength: 5 }),
      (steps, objects) => {
        const index = new OfferIndex()
        const all = new Map<string, Offer>()
        for (const { do: what, offer: it } of steps) {
          if (what === 'set') index.set(it)
          else index.delete(it.ref)
          all.delete(JSON.stringify(it.ref))
          if (what === 'set') all.set(JSON.stringify(it.ref), it)
        }
        expect(index.size).toBe(all.size)
        for (const subject of objects) {
          const ofResource = [...all.values()].filter(({ gvr }) => sameGVR(gvr, subject.gvr))
          const expected = ofResource
            .filter((it) => holds(it, subjectOf(subject.object, subject.consumer)))
            .sort(compareOffers)
          const matching = index.match(subject)
          expect(matching.toSorted(compareOffers)).toEqual(expected)
          const { refused, total } = index.explain(subject, matching, 1000)
          expect(total).toBe(ofResource.length - expected.length)
          expect(new Set(refused.map((it) => `${it.providerCluster}/${it.name}`)).size).toBe(total)
        }
      },
    ),
    { numRuns: 2000, seed: 20261121 },
  )
})

test('an offer holds exactly when it has no refusal', () => {
  fc.assert(
    fc.property(offer, object, (it, subject) => {
      const under = subjectOf(subject.object, subject.consumer)
      expect(refusalsOf(it, under).length === 0).toBe(holds(it, under))
    }),
    { numRuns: 5000, seed: 20261121 },
  )
})

test('an offer takes the place of the one with its name, whatever resource that was for', () => {
  const index = new OfferIndex()
  index.set(offerOf('p', 'o', { filters: [{ key: 'a', valueIn: ['x'] }] }))
  index.set(offerOf('p', 'o', { gvr: others }))
  expect(index.match(objectWith({ a: 'x' }))).toEqual([])
  expect(index.match(objectWith({}, others)).map(({ ref }) => ref)).toEqual([{ providerCluster: 'p', name: 'o' }])
  expect(index.size).toBe(1)
  index.delete({ providerCluster: 'p', name: 'o' })
  expect(index.size).toBe(0)
  expect(index.providers).toEqual([])
})

test('explain stops at its limit and still counts everyone', () => {
  const index = new OfferIndex()
  for (let i = 0; i < 100; i++)
    index.set(offerOf('p', `o${String(i).padStart(3, '0')}`, { filters: [{ key: 'a', valueIn: [`v${i}`] }] }))
  const object = objectWith({ a: 'v1' })
  const { refused, total } = index.explain(object, index.match(object), 3)
  expect(refused.map(({ name }) => name)).toEqual(['o000', 'o002', 'o003'])
  expect(total).toBe(99)
})

test('consumers decide by path, cluster and labels', () => {
  const index = new OfferIndex()
  index.set(offerOf('p', 'path', { consumers: [{ path: 'root:orgs:*' }] }))
  index.set(offerOf('p', 'deep', { consumers: [{ path: 'root:**' }] }))
  index.set(
    offerOf('p', 'labels', {
      consumers: [{ matchLabels: { tier: 'gold' } }, { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }],
    }),
  )
  const accepted = (consumer: BrokeredObject['consumer']) =>
    index
      .match({ ...objectWith({}), consumer })
      .map(({ ref }) => ref.name)
      .sort()
  expect(accepted({ cluster: '2x', path: 'root:orgs:acme' })).toEqual(['deep', 'labels', 'path'])
  expect(accepted({ cluster: '2x', path: 'root:orgs:acme:team', labels: { tier: 'gold' } })).toEqual(['deep', 'labels'])
  expect(accepted({ cluster: '2x', path: 'root:orgs:acme:team', labels: { tier: 'lead' } })).toEqual(['deep'])
  const object = { ...objectWith({}), consumer: { cluster: 'plain', labels: { tier: 'lead' } } }
  const { refused } = index.explain(object, index.match(object), 10)
  expect(refused[1]).toEqual({
    providerCluster: 'p',
    name: 'labels',
    path: '',
    rule: 'consumers',
    want: 'label tier=gold, or label tier DoesNotExist',
    got: 'plain',
  })
})
