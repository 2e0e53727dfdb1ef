import { timestamp } from './conditions.ts'
import type { Offer, OfferRef } from './filters/compile.ts'
import type { BrokeredObject } from './filters/match.ts'
import type { DecisionRecord } from './kinds/assignment.ts'
import type { OfferIndex, RefusedOffer } from './offers/offer-index.ts'

/** Entries of `status.decision` that an Assignment keeps (the bound of its schema). */
const RECORDED = 32

/**
 * What to do with one object.
 * - `place`: it has no provider yet; `offer` takes it.
 * - `stay`: its provider still accepts it, through `offer`, which may be another offer of the same provider.
 * - `move`: its provider no longer accepts it; `offer` does.
 * - `strand`: its provider no longer accepts it and no one else does; it stays at `from`.
 * - `refuse`: it has no provider and no one accepts it.
 */
export type Decision =
  | { verdict: 'place'; offer: Offer; record: DecisionRecord }
  | { verdict: 'stay'; offer: Offer }
  | { verdict: 'move'; from: OfferRef; offer: Offer; record: DecisionRecord }
  | { verdict: 'strand'; from: OfferRef; record: DecisionRecord }
  | { verdict: 'refuse'; record: DecisionRecord }

/**
 * Decides where `object` belongs. Pure: same input, same answer. The heaviest accepting offer with room wins; ties go to
 * the lower provider name, then the lower AcceptAPI name. An object never moves while its offer accepts it, full or
 * not; another offer of its provider keeps it if there is room. `usage` says how many other objects have a place at an offer; `excluded` names providers that must not take it, and why.
 */
export function decide(
  object: BrokeredObject,
  offers: OfferIndex,
  current: OfferRef | undefined,
  usage: (ref: OfferRef) => number,
  now: Date,
  excluded: ReadonlyMap<string, string> = new Map(),
): Decision {
  const accepting = offers.match(object)
  const isFull = ({ ref, capacity }: Offer) => usage(ref) >= capacity
  const kept = current && stillAccepting(accepting, current, isFull)
  if (kept !== undefined) return { verdict: 'stay', offer: kept }

  const isClosed = (offer: Offer) => excluded.has(offer.ref.providerCluster) || isFull(offer)
  const { open: withRoom = [], closed = [] } = Object.groupBy(accepting, (offer) =>
    isClosed(offer) ? 'closed' : 'open',
  )
  const { refused, total } = offers.explain(object, RECORDED)
  const passedOver = closed.slice(0, RECORDED).map((offer) => closedOffer(offer, usage, excluded))
  const record = recordOf(withRoom, [...passedOver, ...refused], closed.length + total, now)
  const [best] = withRoom
  if (current === undefined) return best ? { verdict: 'place', offer: best, record } : { verdict: 'refuse', record }
  return best ? { verdict: 'move', from: current, offer: best, record } : { verdict: 'strand', from: current, record }
}

/** The current offer if it accepts, full or not, else the best other one of its provider that has room. */
function stillAccepting(
  accepting: readonly Offer[],
  current: OfferRef,
  isFull: (offer: Offer) => boolean,
): Offer | undefined {
  const ofProvider = accepting.filter(({ ref }) => ref.providerCluster === current.providerCluster)
  return ofProvider.find(({ ref }) => ref.name === current.name) ?? ofProvider.find((offer) => !isFull(offer))
}

function recordOf(
  candidates: readonly Offer[],
  refused: readonly RefusedOffer[],
  refusedCount: number,
  now: Date,
): DecisionRecord {
  return {
    time: timestamp(now),
    candidates: candidates.slice(0, RECORDED).map(({ ref, weight }) => ({ ...namesOf(ref), score: weight })),
    refused: refused
      .slice(0, RECORDED)
      .map(({ providerCluster, name, ...refusal }) => ({ ...namesOf({ providerCluster, name }), ...refusal })),
    refusedCount,
  }
}

const namesOf = ({ providerCluster, name }: OfferRef) => ({ providerCluster, acceptAPIName: name })

function closedOffer(
  { ref, capacity }: Offer,
  usage: (ref: OfferRef) => number,
  excluded: ReadonlyMap<string, string>,
): RefusedOffer {
  const why = excluded.get(ref.providerCluster)
  if (why !== undefined)
    return { ...ref, path: '', rule: 'excluded', want: 'a provider that was not tried in vain', got: why }
  return {
    ...ref,
    path: '',
    rule: 'capacity',
    want: `fewer than ${capacity} objects placed there`,
    got: String(usage(ref)),
  }
}
