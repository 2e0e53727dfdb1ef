import { conditionTypes, getCondition, type Migration } from '@resource-broker/api'
import type { EventNote } from '@resource-broker/service'

type News = Pick<EventNote, 'type' | 'reason' | 'message'>

/** What an Event at the consumer's object says of how far its move is; undefined: nothing yet. Pure. */
export function newsOf({ spec, status }: Pick<Migration, 'spec' | 'status'>): News | undefined {
  const { state = 'Pending', conditions, switchTime } = status ?? {}
  const ends = `from ${spec.from.providerCluster} to ${spec.to.providerCluster}`
  const { reason, message = '' } = getCondition(conditions, conditionTypes.ready) ?? {}
  const say = (type: News['type'], word: string, text: string): News => ({ type, reason: word, message: text })
  if (state === 'Failed') return say('Warning', 'MoveFailed', `the move ${ends} failed: ${message}`)
  if (state === 'RolledBack') return say('Warning', 'MoveTakenBack', `the move ${ends} was taken back: ${message}`)
  if (switchTime !== undefined || state === 'CutoverCompleted') return say('Normal', 'Moved', `moved ${ends}`)
  if (reason === 'AwaitingApproval')
    return say('Normal', 'MoveAwaitsApproval', `the move ${ends} waits for an approval`)
  return state === 'Pending' ? undefined : say('Normal', 'MoveBegun', `the move ${ends} has begun`)
}
