import type { Assignment } from './kinds/assignment.ts'
import type { Migration, MigrationState } from './kinds/migration.ts'

const ENDED: ReadonlySet<MigrationState> = new Set(['CutoverCompleted', 'Failed', 'RolledBack'])

/** Whether a Migration has come to its end, well or badly. */
export function hasEnded({ status }: Pick<Migration, 'status'>): boolean {
  return status !== undefined && ENDED.has(status.state)
}

/** Whether a Migration has not begun, as far as is recorded. */
export const isPending = ({ status }: Pick<Migration, 'status'>): boolean => (status?.state ?? 'Pending') === 'Pending'

/**
 * Whether a Migration is of this very Assignment: one of an earlier life of the object has its name, not its uid. A Migration of the
 * version before does not say the uid; it counts as long as it runs.
 */
export function isMoveOf(migration: Migration, { metadata }: Pick<Assignment, 'metadata'>): boolean {
  const { assignment, assignmentUID } = migration.spec
  if (assignment !== metadata.name) return false
  return assignmentUID === undefined ? !hasEnded(migration) : assignmentUID === metadata.uid
}

/** Of Migrations as the platform has them, those that name one Assignment: the others may be what nobody can read. */
export function migrationsOf<T extends object>(assignment: string, migrations: readonly T[]): T[] {
  return migrations.filter((each) => (each as { spec?: { assignment?: unknown } }).spec?.assignment === assignment)
}

/** The Migrations of one Assignment that have not ended. */
export function openMoves(migrations: readonly Migration[], assignment: Assignment): Migration[] {
  return migrations.filter((migration) => isMoveOf(migration, assignment) && !hasEnded(migration))
}

/** Of several of them one runs: that which has begun, else the first by time and name. */
export function runningMove(migrations: readonly Migration[], assignment: Assignment): Migration | undefined {
  const [first] = openMoves(migrations, assignment).sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return first
}

function order(migration: Migration): string {
  const { creationTimestamp = '', name } = migration.metadata
  return `${isPending(migration) ? 1 : 0}/${creationTimestamp}/${name}`
}
