import {
  type Assignment,
  type AssignmentCopy,
  hasTemplates,
  type Migration,
  type MigrationConfiguration,
  seesCopies,
} from '@resource-broker/api'
import { copyOf, isAskedFor, named, others } from './copies.ts'
import { stale } from './overtaken.ts'
import { rollBack } from './roll-back.ts'
import type { Snapshot, Step, Surroundings, Wait } from './step.ts'

/** The step of a Migration that has not begun. */
export function begin(migration: Migration, assignment: Assignment, around: Surroundings): Step {
  const { from, cancel } = migration.spec
  // Asked for an incoming copy already means that the record of it was lost.
  if (cancel === true && isAskedFor(migration, assignment)) return rollBack(migration, assignment)
  if (cancel === true) return { state: 'RolledBack', reason: 'Cancelled', message: 'cancelled before it began' }
  if (assignment.spec.providerCluster !== from.providerCluster) return stale(migration, assignment)
  if (around.turn !== undefined) return { state: 'Pending', ...around.turn }
  const { configuration } = around
  if (migration.spec.configuration !== undefined || configuration === undefined)
    return askForIncoming(migration, assignment)
  const why = misfit(configuration, around) ?? beyondReach(migration, configuration)
  if (why !== undefined) return hold(why.reason, `${why.message}; the object stays at ${from.providerCluster}`)
  const step = askForIncoming(migration, assignment)
  return 'object' in configuration && step.edit !== undefined
    ? { ...step, snapshot: snapshotOf(configuration.object) }
    : step
}

function misfit(configuration: NonNullable<Surroundings['configuration']>, around: Surroundings): Wait | undefined {
  const { name } = configuration
  if ('mistakes' in configuration) {
    const message = `MigrationConfiguration ${name} cannot be used: ${configuration.mistakes}`
    return { reason: 'ConfigurationInvalid', message }
  }
  if (around.hasCompute || !hasTemplates(configuration.object.spec.stages)) return undefined
  const message = `MigrationConfiguration ${name} has templates, and the broker has no compute cluster for them (--compute-kubeconfig)`
  return { reason: 'NoComputeCluster', message }
}

/** What stages bring over cannot be brought from a provider that is away, and without it the new copy may be worse than a late one: a person decides. */
function beyondReach(
  { spec: { failover, from } }: Migration,
  configuration: NonNullable<Surroundings['configuration']>,
): Wait | undefined {
  if (failover === undefined || !('object' in configuration) || !seesCopies(configuration.object.spec.stages))
    return undefined
  const message = `MigrationConfiguration ${configuration.name} has stages that need the copy at ${from.providerCluster}, which is away since ${failover.awaySince}: the move waits until that is back, or the platform gives it up (spec.lost)`
  return { reason: 'OutgoingAway', message }
}

function snapshotOf({ metadata, spec }: MigrationConfiguration): Snapshot {
  const { approval, keepOutgoing, stages = [] } = spec
  const configuration = {
    name: metadata.name,
    generation: metadata.generation ?? 0,
    ...(approval === undefined ? {} : { approval }),
    ...(keepOutgoing === undefined ? {} : { keepOutgoing }),
  }
  return { configuration, stages }
}

/** A copy of an earlier time that leaves for good goes first: whatever is made beside it could go with it. */
export function askForIncoming({ spec: { to }, status }: Migration, assignment: Assignment): Step {
  const leaving = copyOf(assignment, to.providerCluster)
  if (leaving?.uid !== undefined) {
    const why = leaving.message === undefined ? '' : `: ${leaving.message}`
    const message = `waits until the earlier copy at ${to.providerCluster} is gone${why}`
    return { ...hold('EarlierCopyLeaves', message), state: status?.state ?? 'Pending' }
  }
  const incoming: AssignmentCopy = {
    providerCluster: to.providerCluster,
    acceptAPIName: to.acceptAPIName,
    role: 'Incoming',
    ...named(to.apiExportName),
  }
  const {
    spec: { copies = [] },
  } = assignment
  const isKept = copies.some(({ providerCluster, keptUntil }) => providerCluster === to.providerCluster && keptUntil)
  const message = `${isKept ? 'taking back the copy that is kept' : 'making a copy'} at ${to.providerCluster}`
  return {
    state: 'InitialInProgress',
    reason: 'IncomingCopy',
    message,
    edit: { copies: [...others(assignment, to.providerCluster), incoming] },
  }
}

const hold = (reason: string, message: string): Step => ({ state: 'Pending', reason, message })
