import type { DecisionRecord } from './kinds/assignment.ts'

/** Characters of a rendered message at most: a condition may hold 32,768, but people read the first lines. */
const LONGEST = 2000
const ROOM_FOR_TAIL = 40

type Refused = DecisionRecord['refused'][number]

/**
 * The reasons of a decision in one message for people, at most 2,000 characters: for each offer which rule refused, what
 * it wants and what it got, as in `externalca/external-certs: fqdn: suffix wants "external.corp", got "app.nowhere.org"`.
 */
export function refusalMessage({ refused, refusedCount }: Pick<DecisionRecord, 'refused' | 'refusedCount'>): string {
  if (refusedCount === 0) return 'No provider offers this resource.'
  const told: string[] = []
  let length = 0
  for (const offer of offersIn(refused)) {
    const text = tell(offer)
    if (length + text.length > LONGEST - ROOM_FOR_TAIL) break
    told.push(text)
    length += text.length + 2
  }
  const more = refusedCount - told.length
  return told.join('; ') + (more > 0 ? `${told.length > 0 ? '; and ' : ''}${more} more` : '')
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

function tell(refusals: readonly Refused[]): string {
  const reasons = refusals
    .slice(0, 4)
    .map(({ path, rule, want, got }) => `${path === '' ? '' : `${path}: `}${rule} wants ${want}, got ${got}`)
  const more = refusals.length > 4 ? [`${refusals.length - 4} more`] : []
  return `${refusals[0]?.providerCluster}/${refusals[0]?.acceptAPIName}: ${[...reasons, ...more].join(' and ')}`
}
