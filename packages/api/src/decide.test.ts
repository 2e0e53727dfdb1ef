import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { refusalMessage } from './decision-message.ts'
import { around, gvr, indexOf, objectOf } from './fixtures.ts'
import { Assignment } from './kinds/assignment.ts'
import { OfferIndex } from './offers/offer-index.ts'
import type { Standing } from './standing.ts'

const now = new Date('2026-11-21T03:00:00.123Z')
const certificate = (fqdn: string) => objectOf({ fqdn })
const suffix = (text: string, more: object = {}) => ({ filters: [{ key: 'fqdn', suffix: text }], ...more })
const story = indexOf(
  ['internalca', 'internal-certs', suffix('internal.corp')],
  ['externalca', 'external-certs', suffix('external.corp')],
)
const internal = { providerCluster: 'internalca', name: 'internal-certs' }
const external = { providerCluster: 'externalca', name: 'external-certs' }

test('a new object is placed where it is accepted, and the record says why', () => {
  const decision = decide({ object: certificate('app.internal.corp') }, around(story), now)
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
  expect(decide({ object: certificate('app.internal.corp'), current: internal }, around(story), now)).toEqual({
    verdict: 'stay',
    offer: story.get(internal),
  })
})

test('an object whose Assignment is gone comes to where it was, although that is cordoned and lighter, unless it is drained', () => {
  const offers = indexOf(['a', 'heavy', { weight: 9 }], ['b', 'light', {}])
  const where = (standing: Standing) => {
    const world = { ...around(offers), standing: (provider: string) => (provider === 'b' ? standing : 'open') }
    const decision = decide({ object: certificate('x'), former: 'b' }, world, now)
    if (decision.verdict !== 'place') throw new Error(decision.verdict)
    return [
      decision.offer.ref.providerCluster,
      decision.record.candidates.map(({ providerCluster }) => providerCluster),
    ]
  }
  expect(where('open')).toEqual(['b', ['b', 'a']])
  expect(where('cordoned')).toEqual(['b', ['b', 'a']])
  expect(where('draining')).toEqual(['a', ['a']])
})

test('an object whose Assignment is gone goes elsewhere where it is accepted no more', () => {
  expect(
    decide({ object: certificate('app.external.corp'), former: internal.providerCluster }, around(story), now),
  ).toMatchObject({
    verdict: 'place',
    record: { refused: [{ providerCluster: internal.providerCluster }] },
  })
})

test('an object stays although a heavier offer accepts it, and although its own is over capacity', () => {
  const offers = indexOf(['a', 'heavy', { weight: 9 }], ['b', 'light', { capacity: 1 }])
  const current = { providerCluster: 'b', name: 'light' }
  expect(
    decide(
      { object: certificate('x'), current },
      around(offers, () => 5),
      now,
    ),
  ).toEqual({
    verdict: 'stay',
    offer: offers.get(current),
  })
})

test('an object stays at its provider through another offer of it', () => {
  const offers = indexOf(['a', 'best', { weight: 9 }], ['b', 'one', suffix('x')], ['b', 'two', suffix('y')])
  expect(
    decide({ object: certificate('y'), current: { providerCluster: 'b', name: 'one' } }, around(offers), now),
  ).toMatchObject({
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
  expect(
    decide({ object: certificate('y'), current: { providerCluster: 'b', name: 'one' } }, around(offers, full), now),
  ).toMatchObject({
    verdict: 'move',
    offer: { ref: { providerCluster: 'a', name: 'best' } },
  })
})

test('an object moves when its provider no longer accepts it and another does', () => {
  expect(decide({ object: certificate('app.external.corp'), current: internal }, around(story), now)).toMatchObject({
    verdict: 'move',
    from: internal,
    offer: { ref: external },
    record: { refused: [{ providerCluster: 'internalca', rule: 'suffix' }], refusedCount: 1 },
  })
})

test('an object moves when its offer is gone', () => {
  const offers = indexOf(['externalca', 'external-certs', suffix('corp')])
  expect(decide({ object: certificate('app.internal.corp'), current: internal }, around(offers), now)).toMatchObject({
    verdict: 'move',
    from: internal,
  })
})

test('an object that no one accepts any more is stranded where it is, with reasons', () => {
  const decision = decide({ object: certificate('app.nowhere.org'), current: internal }, around(story), now)
  expect(decision).toMatchObject({ verdict: 'strand', from: internal, record: { candidates: [], refusedCount: 2 } })
})

test('an object that no one accepts is refused, with one reason per provider', () => {
  const decision = decide({ object: certificate('app.nowhere.org') }, around(story), now)
  if (decision.verdict !== 'refuse') throw new Error(decision.verdict)
  expect(refusalMessage(decision.record)).toBe(
    '0 of 2 offers: 2 suffix; externalca/external-certs: fqdn: suffix wants "external.corp", got "app.nowhere.org"; internalca/internal-certs: fqdn: suffix wants "internal.corp", got "app.nowhere.org"',
  )
})

test('the heavier offer wins, then the lower provider, then the lower name', () => {
  const best = (offers: OfferIndex) => {
    const decision = decide({ object: certificate('x') }, around(offers), now)
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
  const decision = decide({ object: certificate('x') }, around(offers, usage), now)
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
  const answer = (index: OfferIndex) => JSON.stringify(decide({ object: certificate('x') }, around(index), now))
  expect(answer(indexOf(...offers.toReversed()))).toBe(answer(indexOf(...offers)))
})

test('a record of thousands of offers fits into an Assignment, and its message is short', () => {
  const long = 'x'.repeat(900)
  const offers = indexOf(
    ...Array.from({ length: 2000 }, (_, i): [string, string, object] => [`p${i}`, `o${i}`, suffix(`${long}${i}`)]),
  )
  const decision = decide({ object: certificate(long) }, around(offers), now)
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
  const decision = decide({ object: certificate('x') }, around(new OfferIndex()), now)
  expect('record' in decision && refusalMessage(decision.record)).toBe('No provider offers this resource.')
})

test('several refusals of one offer are told together', () => {
  const refused = [
    { providerCluster: 'p', acceptAPIName: 'a', path: 'x', rule: 'exists', want: 'a value', got: 'nothing' },
    { providerCluster: 'p', acceptAPIName: 'a', path: '', rule: 'consumers', want: 'path b', got: 'c' },
  ]
  expect(refusalMessage({ refused, refusedCount: 1 })).toBe(
    '0 of 1 offer: 1 exists; p/a: x: exists wants a value, got nothing and consumers wants path b, got c',
  )
})
