import { type Assignment, hasEnded, isMoveOf, type Migration, type OfferRef } from '@resource-broker/api'

/** The offers at which an object has a place: the one that has it, and those that it moves to; one that it leaves has room again. */
export function offersOf(assignment: Assignment | undefined, migrations: readonly Migration[]): OfferRef[] {
  if (assignment === undefined) return []
  const { spec } = assignment
  const arriving = (spec.copies ?? []).filter(({ role }) => role !== 'Outgoing')
  const targets = migrations
    .filter((migration) => isMoveOf(migration, assignment) && !hasEnded(migration))
    .map((migration) => migration.spec.to)
  return [spec, ...arriving, ...targets].map(({ providerCluster, acceptAPIName }) => ({
    providerCluster,
    name: acceptAPIName,
  }))
}
