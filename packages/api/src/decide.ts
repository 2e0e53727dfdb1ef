import { timestamp } from './conditions.ts'
import type { Offer, OfferRef } from './filters/compile.ts'
import type { Labels } from './filters/labels.ts'
import type { BrokeredObject } from './filters/match.ts'
import type { Refusal, RuleName } from './filters/refusal.ts'
import type { DecisionRecord } from './kinds/assignment.ts'
import { reasons } from './names.ts'
import { Best } from './offers/best.ts'
import type { OfferIndex, RefusedOffer } from './offers/offer-index.ts'
import { compareOffers, compareRefs } from './offers/rank.ts'
import type { Counting, PolicyIndex } from './policies/policy-index.ts'
import { allows, preferences, preferred, refusalBy } from './policies/rate.ts'
import { type Scores, scored, weighedScores } from './policies/scores.ts'
import type { Standing } from './standing.ts'

/** Entries of `status.decision` that an Assignment keeps (the bound of its schema). */
const RECORDED = 32

/** What is asked: where one object belongs. */
export type Question = {
  object: BrokeredObject
  /** The offer by which its provider has it; undefined: it has none. */
  current?: OfferRef | undefined
  /** The provider that had it until its Assignment went by somebody's hand: what it has there is there still. */
  former?: string | undefined
  /** Providers that must not take it, and why. */
  excluded?: ReadonlyMap<string, string> | undefined
  /** Providers that are away, and since when: the object leaves one of them, and comes to none. */
  away?: ReadonlyMap<string, string> | undefined
}

/** What an answer goes by, as of one moment. */
export type PlacementWorld = {
  offers: OfferIndex
  /** How many other objects have a place at an offer. */
  usage: (offer: OfferRef) => number
  /** What the platform has a provider do. */
  standing: (provider: string) => Standing
  policies: Pick<PolicyIndex, 'for'>
  /** The labels that the platform gave a provider, by which policies tell providers apart. */
  labels: (provider: string) => Labels | undefined
  /** What the platform says of a provider for policies to weigh. */
  scores: (provider: string) => Scores | undefined
}

/**
 * What to do with one object.
 * - `place`: it has no provider yet; `offer` takes it.
 * - `stay`: its provider still accepts it, through `offer`, which may be another offer of the same provider. With a `record` the provider
 *   is drained or away, and nobody else takes it.
 * - `move`: its provider no longer accepts it, or is drained or away; `offer` takes it.
 * - `strand`: its provider no longer accepts it and no one else does; it stays at `from`.
 * - `refuse`: it has no provider and no one takes it.
 */
export type Decision =
  | { verdict: 'place'; offer: Offer; record: DecisionRecord }
  | { verdict: 'stay'; offer: Offer; record?: DecisionRecord }
  | { verdict: 'move'; from: OfferRef; offer: Offer; record: DecisionRecord }
  | { verdict: 'strand'; from: OfferRef; record: DecisionRecord }
  | { verdict: 'refuse'; reason: WhyNowhere; record: DecisionRecord }

/** What has to change for an object that has no provider to get one: its policy, or itself and the offers; or whether it is for others to go. */
type WhyNowhere = (typeof reasons)['noProviderAccepts' | 'policyForbids' | 'misconfigured' | 'full']

/**
 * Decides where an object belongs. Pure: same input, same answer. Of the accepting offers that have room, and whose provider is open and
 * one that the policy of the object allows, the one wins whose weight and what the policy makes of its provider's labels and of scores come to most; ties go to
 * the lower provider name, then the lower AcceptAPI name. An object never moves while its offer accepts it, full or not, whatever its
 * policy says; another offer of its provider keeps it if there is room. One whose Assignment is gone comes to where it was by the same rule.
 * A cordoned provider keeps what it has, one that is drained, or is away and to be left, what nobody else takes.
 */
export function decide(question: Question, world: PlacementWorld, now: Date): Decision {
  const { object, current, former, away } = question
  const { offers, usage } = world
  const accepting = offers.match(object)
  const has = current ?? (former === undefined ? undefined : { providerCluster: former, name: '' })
  const kept = has && stillAccepting(accepting, has, usage)
  const isLeft =
    has !== undefined && (world.standing(has.providerCluster) === 'draining' || away?.has(has.providerCluster) === true)
  if (current !== undefined && kept !== undefined && !isLeft) return { verdict: 'stay', offer: kept }
  const isKept = (offer: Offer) => offer === kept && !isLeft

  const counting = world.policies.for(object)
  const open = new Best<Scored>(RECORDED, (a, b) => {
    return (
      Number(isKept(b.offer)) - Number(isKept(a.offer)) || b.score - a.score || compareRefs(a.offer.ref, b.offer.ref)
    )
  })
  const closed = new Best<Closed>(RECORDED, (a, b) => compareOffers(a.offer, b.offer))
  const closedBy = { policy: 0, capacity: 0 }
  let closedCount = 0
  for (const offer of accepting) {
    const why = isKept(offer) ? undefined : whyClosed(offer, world, counting, question)
    if (why === undefined) open.add({ offer, score: scoreOf(offer, counting, world) })
    else {
      closed.add({ offer, why })
      closedCount += 1
      if (why.rule === 'policy' || why.rule === 'capacity') closedBy[why.rule] += 1
    }
  }
  const told = closed.kept.map(({ offer, why }): RefusedOffer => ({ ...offer.ref, ...why.tell() }))
  const { refused, total } = offers.explain(object, accepting, RECORDED - told.length)
  const ranked = open.kept
  const record: DecisionRecord = {
    time: timestamp(now),
    candidates: ranked.map((its) => candidate(its, counting, world)),
    refused: [...told, ...refused].map(({ providerCluster, name, path, rule, want, got }) => {
      return { providerCluster, acceptAPIName: name, path, rule, want, got }
    }),
    refusedCount: closedCount + total,
    ...(counting === undefined ? {} : { policy: counting.policy.name }),
  }
  const best = ranked[0]?.offer
  if (current !== undefined && kept !== undefined && best === undefined) return { verdict: 'stay', offer: kept, record }
  if (current === undefined) {
    const reason = reasonOf(counting, closedBy)
    return best ? { verdict: 'place', offer: best, record } : { verdict: 'refuse', reason, record }
  }
  return best ? { verdict: 'move', from: current, offer: best, record } : { verdict: 'strand', from: current, record }
}

/** Why an object is nowhere, by how many of the offers that accept it its policy keeps it from, and how many are full. */
function reasonOf(counting: Counting | undefined, closedBy: { policy: number; capacity: number }): WhyNowhere {
  if (closedBy.policy === 0) return closedBy.capacity === 0 ? reasons.noProviderAccepts : reasons.full
  return counting?.obstacle === undefined ? reasons.policyForbids : reasons.misconfigured
}

/** The offer by which a provider that has an object goes on accepting it, whatever the platform has that provider do. Pure. */
export function acceptedBy(
  object: BrokeredObject,
  current: OfferRef,
  { offers, usage }: Pick<PlacementWorld, 'offers' | 'usage'>,
): Offer | undefined {
  return stillAccepting(offers.match(object), current, usage)
}

/** The current offer if it accepts, full or not, else the best other one of its provider that has room. */
function stillAccepting(
  accepting: readonly Offer[],
  current: OfferRef,
  usage: PlacementWorld['usage'],
): Offer | undefined {
  const ofProvider = accepting.filter(({ ref }) => ref.providerCluster === current.providerCluster).sort(compareOffers)
  return ofProvider.find(({ ref }) => ref.name === current.name) ?? ofProvider.find((offer) => !isFull(offer, usage))
}

const isFull = ({ ref, capacity }: Offer, usage: PlacementWorld['usage']): boolean =>
  capacity !== Number.POSITIVE_INFINITY && usage(ref) >= capacity

/** The field of a Provider that says how it stands. */
const SAID = { cordoned: 'spec.unschedulable', draining: 'spec.drain' } as const

/** What keeps an offer that accepts an object from taking it; of many only the first are told. */
type Why = { rule: RuleName; tell: () => Refusal }

/** Why an offer that accepts an object does not take it all the same. */
function whyClosed(
  offer: Offer,
  world: PlacementWorld,
  counting: Counting | undefined,
  { excluded, away }: Question,
): Why | undefined {
  const { ref, capacity } = offer
  const got = excluded?.get(ref.providerCluster)
  if (got !== undefined) return whyOf('excluded', 'a provider that was not tried in vain', () => got)
  const since = away?.get(ref.providerCluster)
  if (since !== undefined) return whyOf('away', 'a provider that can be spoken to', () => `away since ${since}`)
  const bar = whyBarred(ref.providerCluster, world, counting)
  if (bar !== undefined || !isFull(offer, world.usage)) return bar
  return whyOf('capacity', `fewer than ${capacity} objects placed there`, () => String(world.usage(ref)))
}

const whyOf = (rule: RuleName, want: string, got: () => string): Why => {
  return { rule, tell: () => ({ path: '', rule, want, got: got() }) }
}

/** Why the platform has an object not come to a provider. What its policy says is told first: another order to the provider would not help. */
function whyBarred(
  provider: string,
  { standing, labels }: Pick<PlacementWorld, 'standing' | 'labels'>,
  counting: Counting | undefined,
): Why | undefined {
  const its = labels(provider)
  if (counting !== undefined && !allows(counting, its)) return { rule: 'policy', tell: () => refusalBy(counting, its) }
  const stands = standing(provider)
  return stands === 'open' ? undefined : whyOf(stands, 'a provider that takes new objects', () => SAID[stands])
}

/** Whether the platform has an object not come to a provider, by what it has the provider do or by the policy of the object. Pure. */
export function isBarred(
  object: BrokeredObject,
  provider: string,
  world: Pick<PlacementWorld, 'standing' | 'labels' | 'policies'>,
): boolean {
  return whyBarred(provider, world, world.policies.for(object)) !== undefined
}

/** An offer that takes an object, and what it comes to. */
type Scored = { offer: Offer; score: number }
/** An offer that accepts an object and does not take it. */
type Closed = { offer: Offer; why: Why }

function scoreOf(offer: Offer, counting: Counting | undefined, world: PlacementWorld): number {
  if (counting === undefined) return offer.weight
  const { policy } = counting
  const ofScores = policy.scores.length === 0 ? 0 : scored(policy, saidOf(offer, world))
  return offer.weight + preferred(counting, world.labels(offer.ref.providerCluster)) + ofScores
}

const saidOf = ({ ref, scores }: Offer, world: PlacementWorld) => ({
  offer: scores,
  provider: world.scores(ref.providerCluster),
})

/** What is recorded of an offer that takes an object; `parts` of its score where a policy has a say. */
function candidate(
  { offer, score }: Scored,
  counting: Counting | undefined,
  world: PlacementWorld,
): DecisionRecord['candidates'][number] {
  const { ref, weight } = offer
  const { prefer = [], scores = [] } = counting?.policy ?? {}
  if (counting === undefined || prefer.length + scores.length === 0) return { ...namesOf(ref), score }
  const ofLabels = preferences(counting, world.labels(ref.providerCluster))
  const parts = { weight, ...ofLabels, ...weighedScores(counting.policy, saidOf(offer, world)) }
  return { ...namesOf(ref), score, parts }
}

const namesOf = ({ providerCluster, name }: OfferRef) => ({ providerCluster, acceptAPIName: name })
