import { conditionTypes, getCondition, reasons } from '@resource-broker/api'
import { type Current, copyAt } from '../facts/known.ts'
import type { Action } from './action.ts'
import { problemsToTell } from './problems.ts'
import { isTold, type Status, statusFor } from './status-for.ts'

/** How long a provider may take for its first word before the consumer is told of the placement alone. */
const FIRST_STATUS_MS = 2_000

/** What the consumer is to be told; `isSaid`: it has been told all there is. */
export type Report = { actions: Action[]; isSaid: boolean }

/** The serving copy's status with the broker's conditions beside it, where the consumer does not have it. `isLast`: as `problemsToTell` has it. */
export function reportTo(known: Current, now: Date, isLast = false): Report {
  const { source, assignment, notes } = known
  const problems = problemsToTell(known, isLast)
  const serving = copyAt(known, assignment.spec.providerCluster)
  const silentMs = silenceOf(known)
  if (problems.length === 0) {
    const accepted = getCondition(assignment.status?.conditions, conditionTypes.accepted)
    const isInTrouble = accepted?.reason === reasons.placementFails || accepted?.status === 'Unknown'
    if (serving === undefined && !isInTrouble) return { actions: [], isSaid: false } // the copy is on its way, and then there is more to say
    if (silentMs > 0) return { actions: [], isSaid: false }
  }
  const isLarge = serving !== undefined && serving.status === undefined && isTooLarge(known)
  const isHeard = serving !== undefined && silentMs <= 0 && !isLarge // until then what was said before stays
  const copyStatus = isHeard ? ((serving.status ?? {}) as Status) : undefined
  const status = statusFor(known, source, { serving, copyStatus, problems, now })
  return isTold(known, source, status)
    ? { actions: [], isSaid: true }
    : { actions: [{ do: 'report', status, ...(isLast ? { isLast } : {}) }], isSaid: notes.isReported }
}

/** For how many milliseconds more the serving copy may say nothing before the consumer is told of the placement alone. */
export function silenceOf(known: Current): number {
  const serving = copyAt(known, known.assignment.spec.providerCluster)
  const isSilent = serving !== undefined && serving.status === undefined
  return isSilent ? Math.max(0, FIRST_STATUS_MS - known.notes.before.silentMs) : 0
}

function isTooLarge({ copies, assignment }: Current): boolean {
  return copies.get(assignment.spec.providerCluster)?.tooLarge !== undefined
}
