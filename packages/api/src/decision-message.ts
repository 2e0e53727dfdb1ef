import type { DecisionRecord } from './kinds/assignment.ts'

/** Characters of a rendered message at most: a condition may hold 32,768, but people read the first lines. */
const LONGEST = 2000
const ROOM_FOR_TAIL = 40

type Refused = DecisionRecord['refused'][number]

/**
 * Why nobody takes an object, in one message for people of at most 2,000 characters: first how many offers refused by which rule, then for
 * each what the rule wants and what it got, as in `0 of 2 offers: 1 cordoned, 1 suffix; externalca/external-certs: fqdn: suffix wants
 * "external.corp", got "app.nowhere.org"`.
 */
export function refusalMessage({ refused, refusedCount }: Pick<DecisionRecord, 'refused' | 'refusedCount'>): string {
  if (refusedCount === 0) return 'No provider offers this resource.'
  const offers = offersIn(refused)
  const counts = countsOf(offers, refusedCount)
  const told: string[] = []
  let { length } = counts
  for (const offer of offers) {
    const text = tell(offer)
    if (length + text.length > LONGEST - ROOM_FOR_TAIL) break
    told.push(text)
    length += text.length + 2
  }
  const more = refusedCount - told.length
  return [counts, ...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** Refusals of the same offer together; they stand next to each other. */
function offersIn(refused: readonly Refused[]): Refused[][] {
  const groups: Refused[][] = []
  for (const refusal of refused) {
    const last = groups.at(-1)
    if (last?.[0]?.providerCluster === refusal.providerCluster && last[0].acceptAPIName === refusal.acceptAPIName)
      last.push(refusal)
    else groups.push([refusal])
  }
  return groups
}

/** `0 of 5 offers: 2 suffix, 1 full, 2 others`: the most frequent rule first. Each offer counts once, by the first rule that refused. */
function countsOf(offers: readonly Refused[][], total: number): string {
  const counts = new Map<string, number>()
  for (const [first] of offers) {
    const word = first?.rule === 'capacity' ? 'full' : (first?.rule ?? '')
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const others = total - offers.length
  const told = [...byCount, ...(others > 0 ? [['others', others] as const] : [])]
  return `0 of ${total} ${total === 1 ? 'offer' : 'offers'}: ${told.map(([word, count]) => `${count} ${word}`).join(', ')}`
}

function tell(refusals: readonly Refused[]): string {
  const reasons = refusals
    .slice(0, 4)
    .map(({ path, rule, want, got }) => `${path === '' ? '' : `${path}: `}${rule} wants ${want}, got ${got}`)
  const more = refusals.length > 4 ? [`${refusals.length - 4} more`] : []
  return `${refusals[0]?.providerCluster}/${refusals[0]?.acceptAPIName}: ${[...reasons, ...more].join(' and ')}`
}
