import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type PlacementWorld } from './decide.ts'
import { refusalMessage } from './decision-message.ts'
import { indexOf, type OfferCase, objectOf } from './fixtures.ts'
import type { Provider } from './kinds/provider.ts'
import { type Standing, standingOf } from './standing.ts'
import { vectors } from './test-vectors.ts'

type Case = {
  name: string
  offers: OfferCase[]
  /** `spec` of the Providers of which something is recorded. */
  providers?: Record<string, Omit<Provider['spec'], 'providerCluster'>>
  /** How many other objects have a place, by `provider/offer`. */
  taken?: Record<string, number>
  object?: object
  current?: string
  excluded?: Record<string, string>
  expect: { verdict: string; offer?: string; told?: string }
}

const now = new Date('2026-11-30T06:00:00Z')
const refOf = (text: string) => {
  const [providerCluster = '', name = ''] = text.split('/')
  return { providerCluster, name }
}
const nameOf = ({ providerCluster, name }: { providerCluster: string; name: string }) => `${providerCluster}/${name}`

test.each(vectors<Case>('placement/standing.json'))('$name', (it) => {
  const world: PlacementWorld = {
    offers: indexOf(...it.offers),
    usage: (ref) => it.taken?.[nameOf(ref)] ?? 0,
    standing: (provider) => {
      const spec = it.providers?.[provider]
      return standingOf(spec && { spec: { providerCluster: provider, ...spec } })
    },
  }
  const question = {
    object: objectOf(it.object ?? {}),
    current: it.current === undefined ? undefined : refOf(it.current),
    excluded: new Map(Object.entries(it.excluded ?? {})),
  }
  const decision = decide(question, world, now)
  expect({
    verdict: decision.verdict,
    ...('offer' in decision ? { offer: nameOf(decision.offer.ref) } : {}),
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
        const worldOf = (all: OfferCase[]): PlacementWorld => ({
          offers: indexOf(...all),
          usage: () => used,
          standing: (of) => standings[of] ?? 'open',
        })
        const decision = decide(question, worldOf(offers), now)
        if ('offer' in decision && decision.offer.ref.providerCluster !== current?.providerCluster)
          expect(standings[decision.offer.ref.providerCluster] ?? 'open').toBe('open')
        expect(JSON.stringify(decide(question, worldOf(offers.toReversed()), now))).toBe(JSON.stringify(decision))
      },
    ),
    { numRuns: 500, seed: 20261130 },
  )
})
