import type { Assigned } from '../facts/known.ts'
import type { Action } from './action.ts'
import type { CopyLeft } from './plan-teardown.ts'
import { isToBeTold } from './problem.ts'
import { COPY_OF_EARLIER } from './report-replaced.ts'
import { isTold, type Status, statusFor } from './status-for.ts'

/**
 * While an object is being deleted its consumer reads the provider's last words, and what is waited for, where, since when, and what is refused.
 * Another object of its name waits for that too, and reads so.
 */
export function reportLeaving(known: Assigned, left: CopyLeft[], now: Date): Action[] {
  const { source, assignment, notes } = known
  const held = left.filter(({ actions }) => actions.length === 0) // what goes at once is no news
  const problems = notes.problems.filter((problem) => isToBeTold(problem, notes.before))
  if (held.length + problems.length === 0 || !source) return []
  const isEarlier = source.metadata.uid !== assignment.spec.uid
  const copy = left.find(({ provider }) => provider === assignment.spec.providerCluster)?.copy
  const serving = isEarlier ? undefined : copy
  const copyStatus = serving?.status as Status | undefined
  const whose = isEarlier ? 'an earlier object of this name' : 'the object'
  const message = [...held.map(({ waitsFor }) => waitsFor), ...problems.map((problem) => problem.message)].join('; ')
  const waits = {
    reason: isEarlier ? COPY_OF_EARLIER : 'Deleting',
    message: `waiting for what was made for ${whose} to go: ${message}`,
  }
  const status = statusFor(known, source, { serving, copyStatus, problems: [waits], now })
  return isTold(known, source, status) ? [] : [{ do: 'report', status }]
}
