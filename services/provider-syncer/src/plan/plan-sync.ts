import type { Known } from '../facts/known.ts'
import { isAssigned, isCurrent } from '../facts/known.ts'
import { type Action, idOf } from './action.ts'
import { planLive } from './plan-live.ts'
import { planOrphans } from './plan-orphans.ts'
import { planTeardown } from './plan-teardown.ts'

/**
 * What is to be done now about one object's copies and what comes back from them; nothing once all is as it should be, or waits for
 * something that will be told. Pure: what is known decides alone. Called again after each step, as each changes what is known.
 */
export function planSync(known: Known, now: Date): Action[] {
  for (const step of stepsOf(known, now)) {
    const due = step().filter((action) => !known.notes.done.has(idOf(action)))
    if (due.length > 0) return due
  }
  return []
}

/** Each step is planned when the steps before have nothing left to do in this look. */
function stepsOf(known: Known, now: Date): (() => Action[])[] {
  if (!isAssigned(known)) return planOrphans(known)
  return isCurrent(known) ? planLive(known, now) : planTeardown(known, now)
}
