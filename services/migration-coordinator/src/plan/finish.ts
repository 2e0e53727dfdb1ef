import { type Assignment, durationMs, type Migration, timestamp } from '@resource-broker/api'
import { AWAY, copyOf, LEAVING, without } from './copies.ts'
import { runStages } from './stages/run-stages.ts'
import type { AssignmentEdit, Step, Surroundings } from './step.ts'

/** The step of a Migration that has switched: the consumer is served from the new copy, the stages of phase Finalize run, the old copy goes. */
export function finish(migration: Migration, assignment: Assignment, around: Surroundings): Step | undefined {
  const { from, to, cancel, failover } = migration.spec
  if (cancel === true && mayNeverEnd(migration.spec, assignment)) return abandon(migration.spec, assignment)
  const outgoing =
    assignment.spec.copies?.some(({ providerCluster }) => providerCluster === from.providerCluster) ?? false
  if (outgoing) {
    if (assignment.status?.servedFrom !== to.providerCluster) return undefined
    const more =
      cancel === true
        ? undefined
        : (runStages(migration, assignment, around, 'Finalize') ?? keep(migration, assignment, around))
    if (more !== undefined) return more
    return { ...removing(migration.spec), edit: { copies: without(assignment, from.providerCluster) } }
  }
  const left = copyOf(assignment, from.providerCluster)
  const isAway = left?.state === AWAY || around.isFromAway === true
  if (left !== undefined && !isAway) return removing(migration.spec)
  const yetToGo =
    left === undefined || failover === undefined ? '' : '; the copy that is left there goes when its provider is back'
  return {
    state: 'CutoverCompleted',
    reason: 'Completed',
    message: `moved from ${from.providerCluster} to ${to.providerCluster}${yetToGo}`,
  }
}

const removing = ({ from, to }: Migration['spec']): Step => ({
  state: 'CutoverInProgress',
  reason: 'RemovingOutgoing',
  message: `the consumer is served from ${to.providerCluster}; waits until the copy at ${from.providerCluster} is gone`,
})

/** The old copy stays for a while, and another move may take the object back to it: then it is that one's. */
function keep({ spec, status }: Migration, assignment: Assignment, { undoneBy, now }: Surroundings): Step | undefined {
  const { keepOutgoing } = spec.configuration ?? {}
  if (keepOutgoing === undefined) return undefined
  const { from, to } = spec
  if (undoneBy !== undefined) {
    const message = `moved from ${from.providerCluster} to ${to.providerCluster}; ${undoneBy} takes the object back to the copy that was kept`
    return { state: 'CutoverCompleted', reason: 'Undone', message }
  }
  const end = Date.parse(status?.switchTime ?? timestamp(now)) + durationMs(keepOutgoing)
  const againMs = end - now.getTime()
  if (againMs <= 0) return undefined
  const until = timestamp(new Date(end))
  const message = `the consumer is served from ${to.providerCluster}; the copy at ${from.providerCluster} is kept until ${until}`
  const edit = keptUntil(assignment, from.providerCluster, until)
  return { state: 'CutoverInProgress', reason: 'KeepingOutgoing', message, againMs, ...(edit && { edit }) }
}

/** The Assignment says until when a copy is kept; undefined: it does already. */
function keptUntil({ spec }: Assignment, provider: string, until: string): AssignmentEdit | undefined {
  const { copies = [] } = spec
  const isSaid = copies.some((copy) => copy.providerCluster === provider && copy.keptUntil === until)
  if (isSaid) return undefined
  return { copies: copies.map((copy) => (copy.providerCluster === provider ? { ...copy, keptUntil: until } : copy)) }
}

/**
 * The new copy may never be ready again, as where its provider takes the object no more, or nobody can ask it whether it is, and the old
 * one stays for that.
 */
function mayNeverEnd({ from, to }: Migration['spec'], assignment: Assignment): boolean {
  const [old, next] = [copyOf(assignment, from.providerCluster), copyOf(assignment, to.providerCluster)]
  return next?.ready === false || old?.state === LEAVING
}

/** The move holds up no other one. What is left of the old copy is taken off without the record that it goes, so that it stays for whoever comes next. */
function abandon({ from, to }: Migration['spec'], assignment: Assignment): Step {
  const isReady = copyOf(assignment, to.providerCluster)?.ready === true
  const [why, until] = isReady ? ['cannot be asked whether it serves', 'does'] : ['is not ready', 'is']
  const message = `cancelled after the switch: the copy at ${to.providerCluster} ${why}, and the one at ${from.providerCluster} stays until another ${until}`
  return { state: 'Failed', reason: 'Cancelled', message, edit: { copies: without(assignment, from.providerCluster) } }
}
