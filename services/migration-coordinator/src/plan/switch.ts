import { type Assignment, type AssignmentCopy, exportAt, type Migration } from '@resource-broker/api'
import { incomingOf, named, others } from './copies.ts'
import { incomingFailed, rollBack } from './roll-back.ts'
import { runStages } from './stages/run-stages.ts'
import type { Step, Surroundings } from './step.ts'

/** The step of a Migration that is about to switch: the stages of phase Cutover run first. */
export function beforeSwitch(migration: Migration, assignment: Assignment, around: Surroundings): Step | undefined {
  const { to } = migration.spec
  if (migration.spec.cancel === true) return rollBack(migration, assignment)
  const stage = incomingFailed(migration, assignment) ?? runStages(migration, assignment, around, 'Cutover')
  if (stage !== undefined) return stage
  if (incomingOf(migration, assignment)?.ready === true) return switchOver(migration, assignment)
  const message = `the copy at ${to.providerCluster} is no longer ready`
  return { state: 'CutoverInProgress', reason: 'IncomingCopy', message }
}

/** The new copy becomes the active one, and the old one stays until the consumer is served from the new. */
export function switchOver({ spec }: Migration, assignment: Assignment): Step {
  const { from, to, decision } = spec
  const outgoing: AssignmentCopy = {
    providerCluster: from.providerCluster,
    acceptAPIName: from.acceptAPIName,
    role: 'Outgoing',
    ...named(exportAt(assignment, from.providerCluster)),
  }
  const copies = [
    ...others(assignment, to.providerCluster).filter(({ providerCluster }) => providerCluster !== from.providerCluster),
    outgoing,
  ]
  return {
    state: 'CutoverInProgress',
    reason: 'Cutover',
    message: `switching the consumer over to ${to.providerCluster}`,
    edit: { providerCluster: to.providerCluster, acceptAPIName: to.acceptAPIName, copies },
    active: {
      apiExportName: exportAt(assignment, to.providerCluster) ?? null,
      ...(decision === undefined ? {} : { decision }),
    },
  }
}
