import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type PlacementWorld } from './decide.ts'
import { refusalMessage } from './decision-message.ts'
import {
  around,
  indexOf,
  nameOfRef,
  type OfferCase,
  objectOf,
  type PlacementCase,
  questionOf,
  worldOf,
} from './fixtures.ts'
import type { Standing } from './standing.ts'
import { vectors } from './test-vectors.ts'

type Case = PlacementCase & { expect: { verdict: string; offer?: string; told?: string } }

const now = new Date('2026-11-30T06:00:00Z')

test.each(vectors<Case>('placement/standing.json'))('$name', (it) => {
  const decision = decide(questionOf(it), worldOf(it), now)
  expect({
    verdict: decision.verdict,
    ...('offer' in decision ? { offer: nameOfRef(decision.offer.ref) } : {}),
    ...('record' in decision && decision.record?.candidates.length === 0
      ? { told: refusalMessage(decision.record) }
      : {}),
  }).toEqual(it.expect)
})

const provider = fc.constantFrom('a', 'b', 'c', 'd')
const standing = fc.constantFrom<Standing>('open', 'cordoned', 'draining')
const offer = fc
  .tuple(provider, fc.constantFrom('x', 'y'), fc.constantFrom('small', 'large'), fc.nat(3), fc.nat(2))
  .map(([at, name, size, weight, capacity]): OfferCase => {
    return [at, name, { filters: [{ key: 'size', valueIn: [size] }], weight, ...(capacity === 0 ? {} : { capacity }) }]
  })

test('whatever is offered, nothing comes to a provider that is not open, and the order of offers does not matter', () => {
  fc.assert(
    fc.property(
      fc
        .array(offer, { maxLength: 12 })
        .map((all) => [...new Map(all.map((it) => [`${it[0]}/${it[1]}`, it])).values()]),
      fc.dictionary(provider, standing),
      fc.constantFrom('small', 'large'),
      fc.option(fc.tuple(provider, fc.constantFrom('x', 'y')), { nil: undefined }),
      fc.nat(3),
      (offers, standings, size, at, used) => {
        const current = at && { providerCluster: at[0], name: at[1] }
        const question = { object: objectOf({ size }), current }
        const among = (all: OfferCase[]): PlacementWorld => ({
          ...around(indexOf(...all), () => used),
          standing: (of) => standings[of] ?? 'open',
        })
        const decision = decide(question, among(offers), now)
        if ('offer' in decision && decision.offer.ref.providerCluster !== current?.providerCluster)
          expect(standings[decision.offer.ref.providerCluster] ?? 'open').toBe('open')
        expect(JSON.stringify(decide(question, among(offers.toReversed()), now))).toBe(JSON.stringify(decision))
      },
    ),
    { numRuns: 500, seed: 20261130 },
  )
})
