import { conditionTypes, getCondition, hasEnded } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { readMigration } from './handlers/surroundings.ts'

/** What the coordinator remembers of a partition for as long as it owns it. */
export type CoordinatorMemory = {
  /** For what the moves of an object wait, by its key: the reasons of their conditions Ready. */
  waiting: Map<string, string[]>
}

export const newMemory = (): CoordinatorMemory => ({ waiting: new Map() })

/** What a move may wait for that does not come by itself: its turn, a person, or somebody who takes an obstacle away. */
export const WAIT_REASONS = [
  ...['Waiting', 'WaitsForTurn', 'LimitsUnknown', 'AwaitingApproval', 'Paused'],
  ...['ConfigurationInvalid', 'NoComputeCluster', 'OutgoingAway', 'StageHeld', 'StageHeldUp'],
]

/** Notes what the moves of an object wait for, after they were looked at. */
export function noteWaiting({ waiting }: CoordinatorMemory, key: string, view: KeyView): void {
  const reasons = [...view.all('migration').keys()].flatMap((name) => {
    const migration = readMigration(view, name)
    if (migration === undefined || hasEnded(migration)) return []
    const { reason = '' } = getCondition(migration.status?.conditions, conditionTypes.ready) ?? {}
    return WAIT_REASONS.includes(reason) ? [reason] : []
  })
  if (reasons.length > 0) waiting.set(key, reasons)
  else waiting.delete(key)
}
