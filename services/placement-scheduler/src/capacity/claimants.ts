import { type Assignment, type Migration, type OfferRef, openMoves } from '@resource-broker/api'

/** The offers at which an object has a place: where it is, where it moves to, and where it has a copy, also one that is kept for a while or has yet to go. */
export function offersOf(assignment: Assignment | undefined, migrations: readonly Migration[]): OfferRef[] {
  if (assignment === undefined) return []
  const { spec, status } = assignment
  const recorded = (status?.copies ?? []).filter(({ applied }) => applied)
  const targets = openMoves(migrations, assignment).map((migration) => migration.spec.to)
  return [spec, ...(spec.copies ?? []), ...recorded, ...targets].flatMap(({ providerCluster, acceptAPIName: name }) =>
    name === undefined ? [] : [{ providerCluster, name }],
  )
}
