import { stringifyJson } from '@resource-broker/json'
import type { PlacementWorld, Question } from './decide.ts'
import { compileAcceptAPI, type OfferRef } from './filters/compile.ts'
import type { Consumer } from './filters/consumers.ts'
import type { BrokeredObject } from './filters/match.ts'
import { PlacementPolicy } from './kinds/placement-policy.ts'
import type { Provider } from './kinds/provider.ts'
import { OfferIndex } from './offers/offer-index.ts'
import { compilePolicy } from './policies/compile-policy.ts'
import { PolicyIndex } from './policies/policy-index.ts'
import { standingOf } from './standing.ts'

/** Offers and objects for the tests of this package. */
export const gvr = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'certificates' }

/** `[provider, name, what its spec has besides the resource]`. */
export type OfferCase = [provider: string, name: string, spec?: object]

export function indexOf(...offers: OfferCase[]): OfferIndex {
  const index = new OfferIndex()
  for (const [provider, name, spec] of offers) {
    const acceptAPI = {
      apiVersion: 'broker.platform-mesh.io/v1alpha1',
      kind: 'AcceptAPI',
      metadata: { name },
      spec: { gvr, ...spec },
    }
    const compiled = compileAcceptAPI(acceptAPI, provider)
    if ('mistakes' in compiled) throw new Error(stringifyJson(compiled.mistakes))
    index.set(compiled.offer)
  }
  return index
}

export const objectOf = (spec: object): BrokeredObject => ({
  consumer: { cluster: 'consumer' },
  gvr,
  namespace: 'default',
  name: 'cert-from-consumer',
  uid: 'u',
  generation: 1,
  object: { spec },
})

/** A world without policies in which all providers are open. */
export const around = (offers: OfferIndex, usage: PlacementWorld['usage'] = () => 0): PlacementWorld => ({
  offers,
  usage,
  standing: () => 'open',
  policies: new PolicyIndex(),
  labels: () => undefined,
  scores: () => undefined,
})

/** A PlacementPolicy that says `spec`. */
export type PolicyCase = { name: string; created?: string; spec: object }

export function policiesOf(...cases: PolicyCase[]): PolicyIndex {
  const index = new PolicyIndex()
  for (const { name, created = '2026-01-01T00:00:00Z', spec } of cases) {
    const { apiVersion, kind } = PlacementPolicy
    const { policy, mistakes } = compilePolicy({
      ...{ apiVersion, kind, metadata: { name, creationTimestamp: created }, spec },
    })
    if (policy === undefined) throw new Error(stringifyJson(mistakes))
    index.set(policy)
  }
  return index
}

/** A question and the world in which it is asked, as vectors write them. */
export type PlacementCase = {
  name: string
  offers: OfferCase[]
  /** `spec` of the Providers of which something is recorded, and their labels. */
  providers?: Record<string, Omit<Provider['spec'], 'providerCluster'> & { labels?: Record<string, string> }>
  policies?: PolicyCase[]
  /** How many other objects have a place, by `provider/offer`. */
  taken?: Record<string, number>
  consumer?: Consumer
  /** metadata.labels of the object. */
  labels?: Record<string, string>
  /** Its spec. */
  object?: object
  current?: string
  excluded?: Record<string, string>
  /** Since when, by the provider. */
  away?: Record<string, string>
}

export function worldOf({ offers, providers, policies = [], taken }: PlacementCase): PlacementWorld {
  return {
    offers: indexOf(...offers),
    usage: (ref) => taken?.[nameOfRef(ref)] ?? 0,
    standing: (provider) => {
      const spec = providers?.[provider]
      return standingOf(spec && { spec: { providerCluster: provider, ...spec } })
    },
    policies: policiesOf(...policies),
    labels: (provider) => providers?.[provider]?.labels,
    scores: (provider) => providers?.[provider]?.scores,
  }
}

export function questionOf({ object = {}, consumer, labels, current, excluded = {}, away }: PlacementCase): Question {
  const asked = objectOf(object)
  return {
    object: {
      ...asked,
      ...(consumer === undefined ? {} : { consumer }),
      object: { ...asked.object, ...(labels === undefined ? {} : { metadata: { labels } }) },
    },
    current: current === undefined ? undefined : refOf(current),
    excluded: new Map(Object.entries(excluded)),
    ...(away === undefined ? {} : { away: new Map(Object.entries(away)) }),
  }
}

function refOf(text: string): OfferRef {
  const [providerCluster = '', name = ''] = text.split('/')
  return { providerCluster, name }
}

/** An offer as vectors name it. */
export const nameOfRef = ({ providerCluster, name }: OfferRef): string => `${providerCluster}/${name}`
