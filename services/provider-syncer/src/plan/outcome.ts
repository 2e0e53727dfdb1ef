import { DONE, LEARNED_FOR_MS, type Outcome } from '@resource-broker/bus'
import {
  type Assigned,
  type Current,
  concerned,
  isAssigned,
  isCurrent,
  isReplaced,
  type Known,
} from '../facts/known.ts'
import { silenceOf } from './consumer-report.ts'
import { mayBeRemoved, unwantedCopies } from './plan-live.ts'
import { isEarly, isStrange, mayHaveCopies, orphansOf } from './plan-orphans.ts'
import { awaitedBy, problemsToTell } from './problems.ts'
import { replacedWait } from './report-replaced.ts'

/** How long a message may be behind another before an API server is asked. */
const GRACE_MS = 2_000
/** What has not come by then is told to the consumer. */
const AWAITED_MS = 3_000
/** When what a server refused is tried again: nothing tells that it would not be refused any more. */
const REFUSED_MS = 15_000
/** When the copies are looked at again while an old one waits for the new one: a watch tells sooner, as a rule. */
const POSTPONED_MS = 5_000

/**
 * All is done; who is known only by an answer is asked again when that is due, unless a watch tells of it before. Whom this look could
 * not ask, though that was due, is asked when it can be: that a provider is back is told.
 */
function done({ unconfirmed, untoldMs = LEARNED_FOR_MS }: Known): Outcome {
  const recent = [...unconfirmed.values(), untoldMs].filter((ms) => ms < LEARNED_FOR_MS)
  return recent.length === 0 ? DONE : { done: true, againAfterMs: LEARNED_FOR_MS - Math.max(...recent) }
}

/** What a look came to. @throws what was thrown, where the same may go well in a moment. */
export function outcomeOf(known: Known): Outcome {
  const trouble = known.notes.problems.find(({ passing }) => passing !== undefined)
  if (trouble !== undefined) throw trouble.passing
  if (!isAssigned(known)) {
    const waits = known.assignment === undefined && isStrange(known) && isEarly(known)
    if (waits) return later(GRACE_MS, 'something is here before its Assignment')
    const [refused] = known.notes.problems
    if (refused !== undefined) return later(REFUSED_MS, refused.message)
    const away = orphansOf(known).find(({ provider, cluster }) => known.places.at(provider, cluster).is === 'away')
    if (away !== undefined) return later(REFUSED_MS, `an orphan is at ${away.provider}, which is away`)
    const [unheard] = isStrange(known) ? mayHaveCopies(known) : []
    return unheard === undefined ? DONE : later(REFUSED_MS, `whether ${unheard} has a copy is not known`)
  }
  return isCurrent(known) ? outcomeOfLive(known) : outcomeOfTeardown(known)
}

function outcomeOfLive(known: Current): Outcome {
  const { ref, places } = known
  const [problem] = problemsToTell(known, true)
  if (problem !== undefined) return later(REFUSED_MS, problem.message)
  const awaited = awaitedBy(known)
  if (awaited !== undefined) return later(AWAITED_MS, awaited)
  const unwanted = unwantedCopies(known).filter(({ provider }) => places.ofCopy(ref, provider).is === 'there')
  if (unwanted.some((copy) => !mayBeRemoved(known, copy))) return later(POSTPONED_MS, 'the active copy is not ready')
  const silentMs = silenceOf(known)
  return silentMs === 0 ? done(known) : later(silentMs, 'no status from the provider yet')
}

function outcomeOfTeardown(known: Assigned): Outcome {
  if (known.source === undefined && isEarly(known)) return later(GRACE_MS, 'an Assignment is here before its object')
  const waitMs = isReplaced(known) ? replacedWait(known) : 0
  if (waitMs > 0) return later(waitMs, 'the copy of an earlier object of the name may be adopted')
  const { notes } = known
  if (notes.problems.length > 0) return later(REFUSED_MS, notes.problems[0]?.message ?? '')
  const away = [...concerned(known)].find((provider) => isAway(known, provider))
  return away === undefined ? done(known) : later(REFUSED_MS, `${away} is away`)
}

/** Where its copy is, or would be. */
function isAway({ places, ref, copies }: Assigned, provider: string): boolean {
  const copy = copies.get(provider)
  return (copy?.object ? places.at(provider, copy.cluster) : places.ofCopy(ref, provider)).is === 'away'
}

const later = (requeueAfterMs: number, reason: string): Outcome => ({ requeueAfterMs, reason })
