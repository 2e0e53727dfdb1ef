import {
  type Assignment,
  conditionTypes,
  durationMs,
  durationText,
  getCondition,
  hasEnded,
  isPending,
  type Migration,
  type MigrationState,
} from '@resource-broker/api'
import { AWAY, copyOf } from './copies.ts'
import type { Step } from './step.ts'

/** Fields of the status of a Migration; null takes one away. */
type Downtime = { downtime?: string; unreadySince?: string | null }

/**
 * How long the copy that serves the consumer was not ready, once a move that has begun is in `state`; undefined: there is nothing new to
 * say. A copy at a provider that is away may be ready: it does not count. Pure.
 */
export function downtimeAfter(
  { status }: Pick<Migration, 'status'>,
  assignment: Assignment | undefined,
  state: MigrationState,
  now: Date,
): Downtime | undefined {
  if (status?.startTime === undefined) return undefined
  const { downtime, unreadySince } = status
  const ends = hasEnded({ status: { state } })
  if (!ends && assignment !== undefined && isDown(assignment))
    return unreadySince === undefined ? { unreadySince: now.toISOString() } : undefined
  if (unreadySince === undefined) return ends && downtime === undefined ? { downtime: '0s' } : undefined
  const ms = durationMs(downtime ?? '0s') + Math.max(0, now.getTime() - Date.parse(unreadySince))
  return { downtime: durationText(ms), unreadySince: null }
}

function isDown(assignment: Assignment): boolean {
  const serves = copyOf(assignment, assignment.status?.servedFrom ?? assignment.spec.providerCluster)
  return serves?.ready === false && serves.state !== AWAY
}

/** The word of a move as it stands, if there is nothing new but whether its consumer is served; undefined: not even that. */
export function restated(migration: Migration, assignment: Assignment | undefined, now: Date): Step | undefined {
  const { state = 'Pending', conditions, stages, stage: name } = migration.status ?? {}
  const ready = getCondition(conditions, conditionTypes.ready)
  if (ready === undefined || isPending(migration) || hasEnded(migration)) return undefined
  if (downtimeAfter(migration, assignment, state, now) === undefined) return undefined
  const stage = stages?.find((each) => each.name === name)
  return { state, reason: ready.reason, message: ready.message, ...(stage && { stage }) }
}
