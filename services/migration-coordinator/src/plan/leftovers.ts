import { type Assignment, type AssignmentCopy, type CopyStatus, type Migration, openMoves } from '@resource-broker/api'
import { named } from './copies.ts'
import type { AssignmentEdit } from './step.ts'

/** The copies that Migrations ask for, and none that runs accounts for. One that ends keeps all: its teardown reads there where copies may be. */
export function leftoversOf(assignment: Assignment, migrations: Migration[]): AssignmentCopy[] {
  if (assignment.status?.phase === 'Terminating') return []
  const ends = new Set(
    openMoves(migrations, assignment).flatMap(({ spec: { from, to } }) => [from.providerCluster, to.providerCluster]),
  )
  const { copies = [] } = assignment.spec
  return copies.filter(({ providerCluster, role }) => role !== 'Replica' && !ends.has(providerCluster))
}

/**
 * status.copies as it has to be once `edit` takes copies off, or undefined if it is so: one that nobody has recorded as made may have
 * been made meanwhile, and keeps the Assignment's word until its provider is asked.
 */
export function recordAfter({ spec, status }: Assignment, edit: AssignmentEdit): CopyStatus[] | undefined {
  const { copies: said = [] } = status ?? {}
  const asked = new Set([edit.providerCluster ?? spec.providerCluster, ...(edit.copies ?? []).map(providerOf)])
  const recorded = new Set(said.filter(({ applied }) => applied).map(providerOf))
  const left = (spec.copies ?? []).filter((copy) => !asked.has(providerOf(copy)) && !recorded.has(providerOf(copy)))
  if (left.length === 0) return undefined
  const names = new Set(left.map(providerOf))
  const words = left.map(({ providerCluster, acceptAPIName, apiExportName }): CopyStatus => {
    const made = { providerCluster, acceptAPIName, ...named(apiExportName) }
    return { ...made, applied: true, ready: false, message: MAY_BE_THERE }
  })
  return [...said.filter((copy) => !names.has(providerOf(copy))), ...words]
}

const MAY_BE_THERE = 'the copy is not wanted any more, and may have been made'

const providerOf = ({ providerCluster }: { providerCluster: string }): string => providerCluster
