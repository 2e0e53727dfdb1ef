import { compileAcceptAPI } from '../filters/compile.ts'
import type { BrokeredObject } from '../filters/match.ts'
import type { Filter } from '../kinds/accept-api.ts'
import { OfferIndex } from '../offers/offer-index.ts'
import { meanOf } from './mean.ts'

/** Microseconds per match and per change for one kind of offers and one number of them. */
export type MatchFigure = {
  shape: string
  offers: number
  /** Offers that accepted an object, on average. */
  accepted: number
  /** Mean over a run, of CPU. */
  usPerMatch: number
  /** Mean of replacing one offer by another. */
  usPerSet: number
}

type Shape = {
  name: string
  filters: (i: number, of: number) => Filter[]
  spec: (i: number, of: number) => Record<string, unknown>
}

const gvr = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'databases' }
const zones = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const zone = (i: number): string => zones[i % zones.length] ?? ''

/** What providers offer: `i` tells `of` offers and objects apart; each object has a few offers that accept it. */
const shapes: Shape[] = [
  {
    name: 'suffix',
    filters: (i) => [{ key: 'fqdn', suffix: `.team${i}.corp` }],
    spec: (i) => ({ fqdn: `app.team${i}.corp` }),
  },
  {
    name: 'valueIn',
    filters: (i) => [{ key: 'region', valueIn: [`r${i}`, `r${i}-b`] }],
    spec: (i) => ({ region: `r${i}` }),
  },
  {
    name: 'boundary',
    filters: (i) => [{ key: 'memory', boundary: { min: `${i * 10}Mi`, max: `${i * 10 + 15}Mi` } }],
    spec: (i) => ({ memory: `${i * 10 + 12}Mi` }),
  },
  {
    name: 'mixed',
    filters: (i) => [
      { key: 'zone', valueIn: [zone(i)] },
      { key: 'fqdn', suffix: `.team${i}.corp` },
      { key: 'size.memory', boundary: { min: '1Gi', max: '64Gi' } },
      { key: 'tier', pattern: '^(gold|silver)$', exists: true },
    ],
    spec: (i) => ({ zone: zone(i), fqdn: `db.team${i}.corp`, size: { memory: '8Gi' }, tier: 'gold' }),
  },
  {
    name: 'valueIn with cel',
    filters: (i) => [
      { key: 'region', valueIn: [`r${i}`] },
      { cel: 'object.spec.replicas >= 1 && object.spec.replicas <= 5' },
    ],
    spec: (i) => ({ region: `r${i}`, replicas: 3 }),
  },
  {
    name: 'pattern only',
    filters: (i) => [{ key: 'fqdn', pattern: `^[a-z]+\\.team${i}\\.corp$` }],
    spec: (i) => ({ fqdn: `app.team${i}.corp` }),
  },
  {
    name: 'pattern without a text of its own (tried one by one)',
    filters: (i) => [{ key: 'fqdn', pattern: `^[a-z]+[.][a-z]{${1 + (i % 9)}}[0-9]+[.][a-z]+$` }],
    spec: (i) => ({ fqdn: `app.team${i}.corp` }),
  },
  {
    name: 'cel only',
    filters: (i) => [{ cel: `object.spec.fqdn.endsWith('.team${i}.corp')` }],
    spec: (i) => ({ fqdn: `app.team${i}.corp` }),
  },
]

/** Times matching against `sizes` offers of several shapes. Takes some seconds; the same offers and objects every time. */
export function benchMatching({ sizes }: { sizes: readonly number[] }): MatchFigure[] {
  return shapes.flatMap((shape) => sizes.map((size) => measure(shape, size)))
}

function measure({ name, filters, spec }: Shape, size: number): MatchFigure {
  const offers = Array.from({ length: size }, (_, i) => offerOf(i, filters(i, size)))
  const index = new OfferIndex()
  for (const offer of offers) index.set(offer)
  const objects = Array.from({ length: 256 }, (_, i) => objectOf(spec((i * 7919) % size, size)))
  let [accepted, matches] = [0, 0]
  const usPerMatch = meanOf((i) => {
    accepted += index.match(objects[i % objects.length] as BrokeredObject).length
    matches += 1
  })
  const usPerSet = meanOf((i) => index.set(offers[(i * 7919) % size] as (typeof offers)[number]))
  return { shape: name, offers: size, accepted: accepted / matches, usPerMatch, usPerSet }
}

function offerOf(i: number, filters: Filter[]) {
  const metadata = { name: `offer-${i}` }
  const acceptAPI = {
    apiVersion: 'broker.platform-mesh.io/v1alpha1',
    kind: 'AcceptAPI',
    metadata,
    spec: { gvr, filters },
  }
  const compiled = compileAcceptAPI(acceptAPI, `provider-${i % 100}`)
  if ('mistakes' in compiled)
    throw new Error(compiled.mistakes.map(({ path, message }) => `${path}: ${message}`).join('; '))
  return compiled.offer
}

function objectOf(spec: Record<string, unknown>): BrokeredObject {
  const metadata = { name: 'db', namespace: 'default', uid: 'u', generation: 1 }
  const object = { apiVersion: 'example.platform-mesh.io/v1alpha1', kind: 'Database', metadata, spec }
  return { consumer: { cluster: 'consumer' }, gvr, namespace: 'default', name: 'db', uid: 'u', generation: 1, object }
}

if (import.meta.main) console.table(benchMatching({ sizes: [10, 100, 1000, 10_000] }))
