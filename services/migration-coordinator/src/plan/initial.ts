import { type Assignment, approvalCommand, lacksApproval, type Migration } from '@resource-broker/api'
import { askForIncoming } from './begin.ts'
import { incomingOf, isAskedFor } from './copies.ts'
import { incomingFailed, rollBack } from './roll-back.ts'
import { runStages } from './stages/run-stages.ts'
import type { Step, Surroundings } from './step.ts'
import { beforeSwitch } from './switch.ts'

/** The step of a Migration whose new copy is being made, and whose stages of phase Initial run. */
export function prepare(migration: Migration, assignment: Assignment, around: Surroundings): Step | undefined {
  if (migration.spec.cancel === true) return rollBack(migration, assignment)
  // It was taken back, and the record of why was lost: asked for again, it comes to the same end.
  if (!isAskedFor(migration, assignment)) return askForIncoming(migration, assignment)
  return (
    incomingFailed(migration, assignment) ??
    runStages(migration, assignment, around, 'Initial') ??
    awaitIncoming(migration, assignment)
  )
}

function awaitIncoming(migration: Migration, assignment: Assignment): Step | undefined {
  const { to } = migration.spec
  const copy = incomingOf(migration, assignment)
  if (copy?.ready === true)
    return { state: 'InitialCompleted', reason: 'IncomingReady', message: `the copy at ${to.providerCluster} is ready` }
  if (copy?.message === undefined) return undefined
  return {
    state: 'InitialInProgress',
    reason: 'IncomingCopy',
    message: `the copy at ${to.providerCluster} is not ready: ${copy.message}`,
  }
}

/** The step of a Migration that may switch: what a person has to agree with is waited for. */
export function completeInitial(migration: Migration, assignment: Assignment, around: Surroundings): Step | undefined {
  if (migration.spec.cancel === true) return rollBack(migration, assignment)
  const { to } = migration.spec
  if (incomingOf(migration, assignment)?.ready !== true) {
    return {
      state: 'InitialInProgress',
      reason: 'IncomingCopy',
      message: `the copy at ${to.providerCluster} is no longer ready`,
    }
  }
  const wait = (reason: string, message: string): Step => ({ state: 'InitialCompleted', reason, message })
  if (lacksApproval(migration, 'switch', migration.spec.configuration?.approval ?? 'Never'))
    return wait('AwaitingApproval', `waits for an approval of the switch: ${approvalCommand(migration, 'switch')}`)
  if (around.paused !== undefined) return wait('Paused', `paused before the switch by ${around.paused}`)
  return beforeSwitch(migration, assignment, around)
}
