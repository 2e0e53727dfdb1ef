import { type Assignment, type Migration, type OfferRef, openMoves } from '@resource-broker/api'

/** The offers at which an object has a place: the one that has it, and those that it moves to; one that it leaves has room again. */
export function offersOf(assignment: Assignment | undefined, migrations: readonly Migration[]): OfferRef[] {
  if (assignment === undefined) return []
  const { spec } = assignment
  const arriving = (spec.copies ?? []).filter(({ role }) => role !== 'Outgoing')
  const targets = openMoves(migrations, assignment).map((migration) => migration.spec.to)
  return [spec, ...arriving, ...targets].map(({ providerCluster, acceptAPIName }) => ({
    providerCluster,
    name: acceptAPIName,
  }))
}
