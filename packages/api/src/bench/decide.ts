import { decide, type PlacementWorld } from '../decide.ts'
import { compileAcceptAPI } from '../filters/compile.ts'
import type { BrokeredObject } from '../filters/match.ts'
import { PlacementPolicy } from '../kinds/placement-policy.ts'
import { OfferIndex } from '../offers/offer-index.ts'
import { compilePolicy } from '../policies/compile-policy.ts'
import { PolicyIndex } from '../policies/policy-index.ts'
import { meanOf } from './mean.ts'

/** Microseconds per decision among one number of offers, for objects that so many of them accept. */
export type DecisionFigure = {
  offers: number
  providers: number
  policies: number
  /** Offers that accept an object. */
  accepting: number
  /** Mean over a run, of CPU. */
  usPerDecision: number
}

/** How many offers a world has, how many of them accept an object, and how many policies there are. */
type Case = { offers: number; accepting: number; policies: number }

const OFFERS_EACH = 10
const gvr = { group: 'example.platform-mesh.io', version: 'v1alpha1', resource: 'databases' }
const regions = ['eu', 'us', 'ap', 'af', 'sa']
const now = new Date('2026-11-30T00:00:00Z')

/**
 * Times deciding among offers of providers with ten each. Takes some seconds; the same worlds and objects every time, each of which was
 * decided once before, so that what is remembered of policies and providers is.
 */
export function benchDecisions(cases: readonly Case[]): DecisionFigure[] {
  return cases.map(measure)
}

function measure({ offers, accepting, policies }: Case): DecisionFigure {
  const providers = offers / OFFERS_EACH
  const world = worldOf(offers, accepting, policies)
  const objects = Array.from({ length: 256 }, (_, i) => objectOf((i * 7919) % (offers / accepting), i))
  for (const object of objects) decide({ object }, world, now)
  const usPerDecision = meanOf((i) => decide({ object: objects[i % objects.length] as BrokeredObject }, world, now))
  return { offers, providers, policies, accepting, usPerDecision }
}

/** Offer i is one of provider i modulo their number, so that those which accept an object are at as many providers as can be. */
function worldOf(size: number, accepting: number, policies: number): PlacementWorld {
  const providers = size / OFFERS_EACH
  const offers = new OfferIndex()
  for (let i = 0; i < size; i++) offers.set(offerOf(i, i % providers, Math.floor(i / accepting)))
  const labels = new Map(Array.from({ length: providers }, (_, i) => [`provider-${i}`, labelsOf(i)]))
  return {
    offers,
    usage: () => 0,
    standing: () => 'open',
    policies: policiesOf(policies),
    labels: (provider) => labels.get(provider),
    scores: () => undefined,
  }
}

const labelsOf = (i: number) => ({
  region: regions[i % regions.length] ?? '',
  tier: i % 7 === 0 ? 'gold' : 'silver',
  zone: `z${i % 20}`,
})

/**
 * A fourth of the policies each is for another resource, for one consumer, for objects with one label, and for those of which an expression
 * holds; the last is for every object, so that most objects have passed all others.
 */
function policiesOf(count: number): PolicyIndex {
  const index = new PolicyIndex()
  for (let i = 0; i < count; i++) {
    const isLast = i === count - 1
    const { apiVersion, kind } = PlacementPolicy
    const { policy, mistakes } = compilePolicy({
      ...{ apiVersion, kind, metadata: { name: `policy-${i}`, creationTimestamp: '2026-01-01T00:00:00Z' } },
      spec: {
        selector: isLast ? {} : selectorOf(i),
        priority: isLast ? -1 : 0,
        require: [
          { matchLabels: { region: 'eu' } },
          { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z1', 'z2'] }] },
        ],
        prefer: [{ weight: 10, matchLabels: { tier: 'gold' } }],
      },
    })
    if (policy === undefined) throw new Error(mistakes.map(({ path, message }) => `${path}: ${message}`).join('; '))
    index.set(policy)
  }
  return index
}

function selectorOf(i: number) {
  const selectors = [
    { resources: [{ group: gvr.group, resource: `others${i}` }] },
    { consumers: [{ path: `root:orgs:team${i}:*` }] },
    { resources: [{ group: gvr.group, resource: gvr.resource }], objects: { matchLabels: { team: `team${i}` } } },
    { when: `object.spec.team == 'team${i}'` },
  ]
  return selectors[i % selectors.length] ?? {}
}

function offerOf(i: number, provider: number, crowd: number) {
  const compiled = compileAcceptAPI(
    {
      ...{ apiVersion: 'broker.platform-mesh.io/v1alpha1', kind: 'AcceptAPI', metadata: { name: `offer-${i}` } },
      spec: { gvr, weight: 1 + (i % 5), filters: [{ key: 'crowd', valueIn: [`c${crowd}`] }] },
    },
    `provider-${provider}`,
  )
  if ('mistakes' in compiled) throw new Error(compiled.mistakes.map(({ message }) => message).join('; '))
  return compiled.offer
}

/** Those of the first 200 teams may have a policy of their own; two in three objects are of others. */
function objectOf(crowd: number, i: number): BrokeredObject {
  const team = `team${i * 3}`
  const metadata = { name: 'db', namespace: 'default', uid: 'u', generation: 1, labels: { team, app: 'shop' } }
  const spec = { crowd: `c${crowd}`, team, size: { memory: '8Gi' } }
  const object = { apiVersion: 'example.platform-mesh.io/v1alpha1', kind: 'Database', metadata, spec }
  const consumer = { cluster: `cluster-${i}`, path: `root:orgs:${team}:shop` }
  return { consumer, gvr, namespace: 'default', name: 'db', uid: 'u', generation: 1, object }
}
