import type { Assignment, Migration } from '@resource-broker/api'
import { hasSwitched, isAskedFor, without } from './copies.ts'
import { runStages } from './stages/run-stages.ts'
import type { Step, Surroundings } from './step.ts'
import { switchOver } from './switch.ts'

/**
 * The step of a Migration whose object is not where it was taken from: another one, begun by who had not been told of this one, may have
 * moved it; nobody is told anything while the stream is lost.
 */
export function overtaken(migration: Migration, assignment: Assignment, around: Surroundings): Step | undefined {
  if (assignment.spec.providerCluster === migration.spec.from.providerCluster) return undefined
  const isOwnSwitch = hasSwitched(migration, assignment) && isReadyToSwitch(migration, assignment, around)
  // The record of the switch was lost, or it is as good as its own.
  if (isOwnSwitch) return switchOver(migration, assignment)
  const edit = isAskedFor(migration, assignment)
    ? { edit: { copies: without(assignment, migration.spec.to.providerCluster) } }
    : {}
  return { ...stale(migration, assignment), ...edit }
}

/** What has to be done before the switch is done. */
const isReadyToSwitch = (migration: Migration, assignment: Assignment, around: Surroundings): boolean =>
  runStages(migration, assignment, around, 'Cutover') === undefined

/** The object is not where the move was to take it from. */
export function stale({ spec: { from } }: Migration, { spec }: Assignment): Step {
  const message = `the object is at ${spec.providerCluster}, not at ${from.providerCluster}`
  return { state: 'Failed', reason: 'Stale', message }
}
