import { conditionTypes, getCondition, isPending, type Migration } from '@resource-broker/api'
import type { EventNote } from '@resource-broker/service'
import type { Step } from './step.ts'

/** Reasons of steps that people are told in an Event. A move that waits for its turn among many has its condition alone. */
const TOLD: Readonly<Record<string, EventNote['type']>> = {
  ...{ StageSucceeded: 'Normal', StageSkipped: 'Normal', StageRetries: 'Warning', StageFailed: 'Warning' },
  ...{ StageHeld: 'Warning', StageHeldUp: 'Warning', IncomingFailed: 'Warning', Stale: 'Warning' },
  ...{ ConfigurationInvalid: 'Warning', NoComputeCluster: 'Warning', LimitsUnknown: 'Warning' },
  ...{ OutgoingAway: 'Warning' },
  ...{ AwaitingApproval: 'Normal', Paused: 'Normal', Cutover: 'Normal', KeepingOutgoing: 'Normal' },
  ...{ Completed: 'Normal', Undone: 'Normal', Cancelled: 'Normal', ObjectDeleted: 'Normal' },
}

/** What an Event at the Migration says of a step that has been taken; undefined: it is no turn of the move. Pure. */
export function noteOf(
  migration: Migration,
  { state, reason, message, quiet }: Step,
): Pick<EventNote, 'type' | 'reason' | 'message'> | undefined {
  if (isPending(migration) && state === 'InitialInProgress') return { type: 'Normal', reason: 'Begun', message }
  const type = TOLD[reason]
  const said = getCondition(migration.status?.conditions, conditionTypes.ready)
  if (type === undefined || quiet || (said?.reason === reason && migration.status?.state === state)) return undefined
  return { type, reason, message }
}
