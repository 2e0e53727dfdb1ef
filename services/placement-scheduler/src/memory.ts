import { type Condition, conditionTypes, getCondition, reasons } from '@resource-broker/api'
import type { Known } from './known.ts'

/** What the scheduler remembers of a partition for as long as it owns it, by key. */
export type SchedulerMemory = {
  /** Since when an object cannot be placed, in milliseconds of the broker's own clock. */
  troubled: Map<string, number>
  /** Why an object has no provider: the reason of its condition Placed. */
  unplaced: Map<string, string>
}

export const newMemory = (): SchedulerMemory => ({ troubled: new Map(), unplaced: new Map() })

/** Notes whether the object of a key has no provider. `known`: after it was looked at. */
export function noteUnplaced({ unplaced }: SchedulerMemory, key: string, known: Known | undefined): void {
  const { conditions } = (known?.source.status ?? {}) as { conditions?: Condition[] }
  const placed = getCondition(conditions, conditionTypes.placed)
  if (known === undefined || known.assignment !== undefined || placed?.status !== 'False') unplaced.delete(key)
  else unplaced.set(key, placed.reason)
}

/** Why an object may have no provider. */
export const UNPLACED_REASONS = [
  reasons.noProviderAccepts,
  reasons.policyForbids,
  reasons.misconfigured,
  reasons.full,
  reasons.quotaExceeded,
  reasons.tooLarge,
  reasons.placementFails,
]
