import { hasEnded, isMoveOf, type Migration } from '@resource-broker/api'
import { begin } from './begin.ts'
import { hasSwitched } from './copies.ts'
import { finish } from './finish.ts'
import { completeInitial, prepare } from './initial.ts'
import { overtaken } from './overtaken.ts'
import type { Step, Surroundings } from './step.ts'
import { beforeSwitch } from './switch.ts'

/**
 * The next step of a Migration, or undefined if it waits for something that will be told. Pure: what was recorded, the Assignment, what
 * is deployed and the time decide alone, so that a step done twice is done once.
 */
export function planStep(migration: Migration, around: Surroundings): Step | undefined {
  if (hasEnded(migration)) return undefined
  const { assignment } = around
  if (assignment === undefined || !isMoveOf(migration, assignment))
    return { state: 'Failed', reason: 'ObjectDeleted', message: 'the object was deleted, and its Assignment with it' }
  if (assignment.status?.phase === 'Terminating')
    return { state: 'Failed', reason: 'ObjectDeleted', message: 'the object is being deleted' }
  switch (migration.status?.state ?? 'Pending') {
    case 'Pending':
      return begin(migration, assignment, around)
    case 'InitialInProgress':
      return overtaken(migration, assignment, around) ?? prepare(migration, assignment, around)
    case 'InitialCompleted':
      return overtaken(migration, assignment, around) ?? completeInitial(migration, assignment, around)
    case 'CutoverInProgress':
      return hasSwitched(migration, assignment)
        ? finish(migration, assignment, around)
        : (overtaken(migration, assignment, around) ?? beforeSwitch(migration, assignment, around))
    default:
      return undefined
  }
}
