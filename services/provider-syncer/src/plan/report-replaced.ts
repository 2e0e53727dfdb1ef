import { annotations, sameStatus } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { Assigned } from '../facts/known.ts'
import type { Action } from './action.ts'
import { statusFor } from './status-for.ts'

/** How long the copy of an earlier object of the name stays: time for a person, or a program that restores, to say that it is to be kept. */
const REPLACED_MS = 90_000

/** Of conditions and Events: something of an earlier object of the name is there. */
export const COPY_OF_EARLIER = 'CopyOfEarlierObject'

/** How long that is still, in milliseconds; 0 once it is over. */
export function replacedWait({ notes }: Assigned): number {
  return Math.max(0, REPLACED_MS - notes.before.replacedMs)
}

/** Tells of the copy that an earlier object of the name left, and how to keep it; by an Event besides, once. */
export function reportReplaced(known: Assigned, now: Date): Action[] {
  const source = known.source as KubeObject
  if (source.metadata.annotations?.[annotations.adopt] === 'true') return [] // the scheduler has the Assignment name it
  const reason = COPY_OF_EARLIER
  const message = `${known.assignment.spec.providerCluster} has the copy of an earlier object of this name, which goes in a minute with what is in it, and is made anew; the annotation ${annotations.adopt}: "true" keeps it`
  const problems = [{ reason, message }]
  const status = statusFor(known, source, { serving: undefined, copyStatus: undefined, problems, now })
  return [
    { do: 'event', reason, message },
    ...(sameStatus(status, source.status) ? [] : [{ do: 'report', status } as const]),
  ]
}
