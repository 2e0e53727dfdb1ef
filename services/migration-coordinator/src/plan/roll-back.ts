import type { Assignment, Migration } from '@resource-broker/api'
import { incomingOf, without } from './copies.ts'
import type { Step } from './step.ts'

/** The move is taken back before the switch; `why` is for people. */
export function rollBack(
  { spec }: Migration,
  assignment: Assignment,
  { reason, why }: { reason: string; why: string } = { reason: 'Cancelled', why: 'cancelled' },
): Step {
  return {
    state: 'RolledBack',
    reason,
    message: `${why}; the object stays at ${assignment.spec.providerCluster}`,
    edit: { copies: without(assignment, spec.to.providerCluster) },
  }
}

/** The new copy failed for good. */
export function incomingFailed(migration: Migration, assignment: Assignment): Step | undefined {
  const { to } = migration.spec
  const copy = incomingOf(migration, assignment)
  if (copy?.state !== 'Failed') return undefined
  const message = `the copy at ${to.providerCluster} failed: ${copy.message ?? 'it gives no reason'}; the object stays at ${assignment.spec.providerCluster}`
  return {
    state: 'Failed',
    reason: 'IncomingFailed',
    message,
    edit: { copies: without(assignment, to.providerCluster) },
  }
}
