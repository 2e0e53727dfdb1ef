import { isSameClaim, type Line, type PlaceClaim, type Waiting, whoEnters } from '@resource-broker/api'

/** The places that are taken, by key. */
export type Claims = Readonly<Record<string, PlaceClaim>>

/** What one record of places holds: who has one, and who waits for one. */
export type Held = { claims: Claims; waiting: Line }

/**
 * `claim`: a place, if there is one; with `waits` it waits in line for one, and enters in its turn. `hold`: the object has the place already,
 * by its Assignment, and the record of it was lost or never made: it counts, room or not. `release`: this very claim is given back. `leave`:
 * the object waits no more.
 */
export type Wish = PlaceClaim & {
  kind: 'claim' | 'hold' | 'release' | 'leave'
  key: string
  waits?: Pick<Waiting, 'since' | 'name'>
}

/**
 * What the places are after these wishes, and which of the wishes came true, in their order. Pure; places that are given back are
 * free for those who ask in the same turn. Asking twice has one place, and makes it another claim: a request on its way that gives the
 * place back is too late then. Who waits in line has no place by that of an earlier object of its name.
 */
export function settle(
  { claims, waiting }: Held,
  places: number,
  wishes: readonly Wish[],
): { held: Held; granted: boolean[] } {
  const next = new Map(Object.entries(claims))
  const line = new Map(Object.entries(waiting))
  for (const { kind, key, uid, again } of wishes)
    if (kind === 'release' && isSameClaim(next.get(key), { uid, again })) next.delete(key)
  for (const { kind, key, uid } of wishes) {
    if (kind === 'hold' && !next.has(key)) next.set(key, { uid })
    if ((kind === 'hold' || kind === 'leave') && line.get(key)?.uid === uid) line.delete(key)
  }
  for (const { key, uid, waits } of wishes)
    if (waits !== undefined && next.get(key)?.uid !== uid) line.set(key, { uid, ...waits })
  const entering = new Set(whoEnters(Object.fromEntries(line), next.size, places))
  const granted = wishes.map((wish) => {
    const { kind, key, uid, waits } = wish
    if (kind !== 'claim') return true
    const has = waits === undefined ? next.has(key) : next.get(key)?.uid === uid
    const enters = waits === undefined ? next.size < places : entering.has(key)
    if (!has && !enters) return false
    if (line.get(key)?.uid === uid) line.delete(key)
    next.set(key, askedAgain(claims[key], wish))
    return true
  })
  return { held: { claims: Object.fromEntries(next), waiting: Object.fromEntries(line) }, granted }
}

const askedAgain = (before: PlaceClaim | undefined, { uid }: Wish): PlaceClaim =>
  before?.uid === uid ? { uid, again: (before.again ?? 0) + 1 } : { uid }
