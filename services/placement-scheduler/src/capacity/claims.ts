import { isSameClaim, type OfferClaim } from '@resource-broker/api'

/** The places of one offer that are taken, by key. */
export type Claims = Readonly<Record<string, OfferClaim>>

/**
 * `claim`: a place, if there is one. `hold`: the object has the place already, by its Assignment, and the record of it was lost or
 * never made: it counts, room or not. `release`: this very claim is given back.
 */
export type Wish = OfferClaim & { kind: 'claim' | 'hold' | 'release'; key: string }

/**
 * What the places are after these wishes, and which of the wishes came true, in their order. Pure; places that are given back are
 * free for those who ask in the same turn. Asking twice has one place, and makes it another claim: a request on its way that gives the
 * place back is too late then.
 */
export function settle(
  claims: Claims,
  capacity: number,
  wishes: readonly Wish[],
): { claims: Claims; granted: boolean[] } {
  const next = new Map(Object.entries(claims))
  for (const { kind, key, ...claim } of wishes)
    if (kind === 'release' && isSameClaim(next.get(key), claim)) next.delete(key)
  for (const { kind, key, uid } of wishes) if (kind === 'hold' && !next.has(key)) next.set(key, { uid })
  const granted = wishes.map((wish) => {
    if (wish.kind !== 'claim') return true
    if (!next.has(wish.key) && next.size >= capacity) return false
    next.set(wish.key, askedAgain(claims[wish.key], wish))
    return true
  })
  return { claims: Object.fromEntries(next), granted }
}

const askedAgain = (before: OfferClaim | undefined, { uid }: Wish): OfferClaim =>
  before?.uid === uid ? { uid, again: (before.again ?? 0) + 1 } : { uid }
