import type { OfferClaim } from '@resource-broker/api'

/** The places of one offer that are taken, by key. */
export type Claims = Readonly<Record<string, OfferClaim>>

/**
 * `claim`: a place, if there is one. `hold`: the object has the place already, by its Assignment, and the record of it was lost or
 * never made: it counts, room or not. `release`: the place is given back.
 */
export type Wish = { key: string } & ({ kind: 'claim' | 'hold'; uid: string } | { kind: 'release' })

/**
 * What the places are after these wishes, and which of the wishes came true, in their order. Pure; places that are given back are
 * free for those who ask in the same turn, and asking twice has one place.
 */
export function settle(
  claims: Claims,
  capacity: number,
  wishes: readonly Wish[],
): { claims: Claims; granted: boolean[] } {
  const next = new Map(Object.entries(claims))
  for (const wish of wishes) if (wish.kind === 'release') next.delete(wish.key)
  for (const wish of wishes) if (wish.kind === 'hold') next.set(wish.key, { uid: wish.uid })
  const granted = wishes.map((wish) => {
    if (wish.kind !== 'claim') return true
    if (!next.has(wish.key) && next.size >= capacity) return false
    next.set(wish.key, { uid: wish.uid })
    return true
  })
  return { claims: Object.fromEntries(next), granted }
}
