import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { refusalMessage } from './decision-message.ts'
import { compileAcceptAPI } from './filters/compile.ts'
import type { BrokeredObject } from './filters/match.ts'
import { Assignment } from './kinds/assignment.ts'
import { OfferIndex } from './offers/offer-index.ts'

const now = new Date('2026-11-21T03:00:00.123Z')
const gvr = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }
const unused = () => 0

function indexOf(...offers: [provider: string, name: string, spec?: object][]): OfferIndex {
  const index = new OfferIndex()
  for (const [provider, name, spec] of offers) {
    const acceptAPI = {
      apiVersion: 'broker.platform-mesh.io/v1alpha1',
      kind: 'AcceptAPI',
      metadata: { name },
      spec: { gvr, ...spec },
    }
    const compiled = compileAcceptAPI(acceptAPI, provider)
    if ('mistakes' in compiled) throw new Error(JSON.stringify(compiled.mistakes))
    index.set(compiled.offer)
  }
  return index
}

const certificate = (fqdn: string): BrokeredObject => ({
  consumer: { cluster: 'consumer' },
  gvr,
  namespace: 'default',
  name: 'cert-from-consumer',
  uid: 'u',
  generation: 1,
  object: { spec: { fqdn } },
})

const suffix = (text: string, more: object = {}) => ({ filters: [{ key: 'fqdn', suffix: text }], ...more })
const story = indexOf(
  ['internalca', 'internal-certs', suffix('internal.corp')],
  ['externalca', 'external-certs', suffix('external.corp')],
)
const internal = { providerCluster: 'internalca', name: 'internal-certs' }
const external = { providerCluster: 'externalca', name: 'external-certs' }

test('a new object is placed where it is accepted, and the record says why', () => {
  const decision = decide(certificate('app.internal.corp'), story, undefined, unused, now)
  expect(decision).toEqual({
    verdict: 'place',
    offer: story.get(internal),
    record: {
      time: '2026-11-21T03:00:00Z',
      candidates: [{ providerCluster: 'internalca', acceptAPIName: 'internal-certs', score: 1 }],
      refused: [
        {
          providerCluster: 'externalca',
          acceptAPIName: 'external-certs',
          path: 'fqdn',
          rule: 'suffix',
          want: '"external.corp"',
          got: '"app.internal.corp"',
        },
      ],
      refusedCount: 1,
    },
  })
})

test('an object that its provider accepts stays', () => {
  expect(decide(certificate('app.internal.corp'), story, internal, unused, now)).toEqual({
    verdict: 'stay',
    offer: story.get(internal),
  })
})

test('an object stays although a heavier offer accepts it, and although its own is over capacity', () => {
  const offers = indexOf(['a', 'heavy', { weight: 9 }], ['b', 'light', { capacity: 1 }])
  const current = { providerCluster: 'b', name: 'light' }
  expect(decide(certificate('x'), offers, current, () => 5, now)).toEqual({
    verdict: 'stay',
    offer: offers.get(current),
  })
})

test('an object stays at its provider through another offer of it', () => {
  const offers = indexOf(['a', 'best', { weight: 9 }], ['b', 'one', suffix('x')], ['b', 'two', suffix('y')])
  expect(decide(certificate('y'), offers, { providerCluster: 'b', name: 'one' }, unused, now)).toMatchObject({
    verdict: 'stay',
    offer: { ref: { providerCluster: 'b', name: 'two' } },
  })
})

test('another offer of the provider that is full does not keep an object there', () => {
  const offers = indexOf(
    ['a', 'best', { weight: 9 }],
    ['b', 'one', suffix('x')],
    ['b', 'two', suffix('y', { capacity: 3 })],
  )
  const full = ({ name }: { name: string }) => (name === 'two' ? 3 : 0)
  expect(decide(certificate('y'), offers, { providerCluster: 'b', name: 'one' }, full, now)).toMatchObject({
    verdict: 'move',
    offer: { ref: { providerCluster: 'a', name: 'best' } },
  })
})

test('an object moves when its provider no longer accepts it and another does', () => {
  expect(decide(certificate('app.external.corp'), story, internal, unused, now)).toMatchObject({
    verdict: 'move',
    from: internal,
    offer: { ref: external },
    record: { refused: [{ providerCluster: 'internalca', rule: 'suffix' }], refusedCount: 1 },
  })
})

test('an object moves when its offer is gone', () => {
  const offers = indexOf(['externalca', 'external-certs', suffix('corp')])
  expect(decide(certificate('app.internal.corp'), offers, internal, unused, now)).toMatchObject({
    verdict: 'move',
    from: internal,
  })
})

test('an object that no one accepts any more is stranded where it is, with reasons', () => {
  const decision = decide(certificate('app.nowhere.org'), story, internal, unused, now)
  expect(decision).toMatchObject({ verdict: 'strand', from: internal, record: { candidates: [], refusedCount: 2 } })
})

test('an object that no one accepts is refused, with one reason per provider', () => {
  const decision = decide(certificate('app.nowhere.org'), story, undefined, unused, now)
  if (decision.verdict !== 'refuse') throw new Error(decision.verdict)
  expect(refusalMessage(decision.record)).toBe(
    'externalca/external-certs: fqdn: suffix wants "external.corp", got "app.nowhere.org"; internalca/internal-certs: fqdn: suffix wants "internal.corp", got "app.nowhere.org"',
  )
})

test('the heavier offer wins, then the lower provider, then the lower name', () => {
  const best = (offers: OfferIndex) => {
    const decision = decide(certificate('x'), offers, undefined, unused, now)
    return decision.verdict === 'place' ? decision.offer.ref : decision.verdict
  }
  expect(best(indexOf(['a', 'x'], ['b', 'x', { weight: 2 }]))).toEqual({ providerCluster: 'b', name: 'x' })
  expect(best(indexOf(['b', 'a'], ['a', 'z']))).toEqual({ providerCluster: 'a', name: 'z' })
  expect(best(indexOf(['a', 'z'], ['a', 'y']))).toEqual({ providerCluster: 'a', name: 'y' })
  expect(best(indexOf(['a', 'x', { weight: 0 }], ['b', 'x']))).toEqual({ providerCluster: 'b', name: 'x' })
})

test('an offer at capacity is refused by that rule, and the next best takes the object', () => {
  const offers = indexOf(['a', 'small', { capacity: 5, weight: 9 }], ['b', 'large'])
  const usage = ({ name }: { name: string }) => (name === 'small' ? 5 : 100)
  const decision = decide(certificate('x'), offers, undefined, usage, now)
  expect(decision).toMatchObject({ verdict: 'place', offer: { ref: { name: 'large' } } })
  expect('record' in decision && decision.record.refused).toEqual([
    {
      providerCluster: 'a',
      acceptAPIName: 'small',
      path: '',
      rule: 'capacity',
      want: 'fewer than 5 objects placed there',
      got: '5',
    },
  ])
})

test('the same input gives the same answer, in whatever order the offers came', () => {
  const offers: [string, string, object][] = Array.from({ length: 40 }, (_, i) => [
    `p${i % 7}`,
    `o${i}`,
    i % 3 ? suffix('x') : suffix('y'),
  ])
  const answer = (index: OfferIndex) => JSON.stringify(decide(certificate('x'), index, undefined, unused, now))
  expect(answer(indexOf(...offers.toReversed()))).toBe(answer(indexOf(...offers)))
})

test('a record of thousands of offers fits into an Assignment, and its message is short', () => {
  const long = 'x'.repeat(900)
  const offers = indexOf(
    ...Array.from({ length: 2000 }, (_, i): [string, string, object] => [`p${i}`, `o${i}`, suffix(`${long}${i}`)]),
  )
  const decision = decide(certificate(long), offers, undefined, unused, now)
  if (decision.verdict !== 'refuse') throw new Error(decision.verdict)
  const spec = { consumerCluster: 'c', gvr, name: 'n', uid: 'u', providerCluster: 'p', acceptAPIName: 'a' }
  const status = { phase: 'Pending', decision: decision.record }
  expect(
    Assignment.parse({ apiVersion: Assignment.apiVersion, kind: 'Assignment', metadata: { name: 'x' }, spec, status })
      .ok,
  ).toBe(true)
  const message = refusalMessage(decision.record)
  expect(message.length).toBeLessThanOrEqual(2000)
  expect(message).toMatch(/; and 19\d\d more$/)
})

test('without any offer of the resource the message says so', () => {
  const decision = decide(certificate('x'), new OfferIndex(), undefined, unused, now)
  expect('record' in decision && refusalMessage(decision.record)).toBe('No provider offers this resource.')
})

test('several refusals of one offer are told together', () => {
  const refused = [
    { providerCluster: 'p', acceptAPIName: 'a', path: 'x', rule: 'exists', want: 'a value', got: 'nothing' },
    { providerCluster: 'p', acceptAPIName: 'a', path: '', rule: 'consumers', want: 'path b', got: 'c' },
  ]
  expect(refusalMessage({ refused, refusedCount: 1 })).toBe(
    'p/a: x: exists wants a value, got nothing and consumers wants path b, got c',
  )
})
