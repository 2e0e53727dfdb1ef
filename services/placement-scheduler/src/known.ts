import {
  Assignment,
  annotations,
  type BrokeredObject,
  type Consumer,
  isMoveOf,
  Migration,
  runningMove,
} from '@resource-broker/api'
import type { DecisionMessage, KeyView, KubeObject, SourceMessage, SourceRef } from '@resource-broker/bus'

/** Everything that is known of one consumer object when its placement is looked at. */
export type Known = {
  key: string
  ref: SourceRef
  source: KubeObject
  object: BrokeredObject
  assignment: Assignment | undefined
  decision: DecisionMessage | undefined
  migrations: Migration[]
  /** The object is more than a message can carry: its spec is not known here. */
  tooLarge: SourceMessage['tooLarge']
}

/** undefined while there is nothing to place: the object is unknown, gone or being deleted. `describe` tells of its consumer. */
export function readKnown(key: string, view: KeyView, describe: (cluster: string) => Consumer): Known | undefined {
  const message = view.get('source')
  if (message === undefined || message.object === null || message.object.metadata.deletionTimestamp !== undefined)
    return undefined
  const { ref, object: source } = message
  const record = view.get('assignment')?.object
  const migrations = [...view.all('migration').values()].flatMap(({ object }) =>
    object === null ? [] : [Migration.of(object)],
  )
  const { uid, generation = 0 } = source.metadata
  return {
    key,
    ref,
    source,
    object: {
      consumer: describe(ref.cluster),
      gvr: ref.gvr,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      name: ref.name,
      uid,
      generation,
      object: source,
    },
    assignment: record === undefined || record === null ? undefined : Assignment.of(record),
    decision: view.get('decision'),
    migrations,
    tooLarge: message.tooLarge,
  }
}

/** The provider that was to have the object, of which there is no Assignment any more: somebody deleted it. */
export function formerOf({ assignment, decision, object }: Known): string | undefined {
  return assignment === undefined && decision?.uid === object.uid ? (decision.provider ?? undefined) : undefined
}

/** The Migrations of this very Assignment, ended ones too. */
function ownMigrations({ assignment, migrations }: Known): Migration[] {
  return assignment === undefined ? [] : migrations.filter((migration) => isMoveOf(migration, assignment))
}

/** Those that were to take it away from a provider, ended ones too, in the order in which they were asked for. */
export function movesFrom(known: Known, provider: string): Migration[] {
  const since = ({ metadata }: Migration) => `${metadata.creationTimestamp}/${metadata.name}`
  return ownMigrations(known)
    .filter(({ spec }) => spec.from.providerCluster === provider)
    .sort((a, b) => (since(a) < since(b) ? -1 : 1))
}

/** The Migration of this Assignment that runs, if there is one. */
export function runningMigration({ assignment, migrations }: Known): Migration | undefined {
  return assignment === undefined ? undefined : runningMove(migrations, assignment)
}

/** Whether all that a move has yet to do is to keep the old copy for a while: the object is at its new provider, and may be moved back. */
export function keepsOutgoing({ spec }: Assignment, { spec: { from, to } }: Migration): boolean {
  if (spec.providerCluster !== to.providerCluster) return false
  return (
    spec.copies?.some((copy) => copy.providerCluster === from.providerCluster && copy.keptUntil !== undefined) === true
  )
}

/** Providers that this very generation is not to be moved to, and why: a move there failed or was cancelled, and its record still stands. */
export function failedTargets(known: Known): Map<string, string> {
  const failed = ownMigrations(known).filter(({ status, metadata }) => {
    const generation = metadata.annotations?.[annotations.consumerGeneration]
    return isVain(status?.state) && generation === String(known.source.metadata.generation)
  })
  const word = (state: string | undefined) => (state === 'Failed' ? 'failed' : 'was cancelled')
  return new Map(
    failed.map(({ spec, status, metadata }) => [
      spec.to.providerCluster,
      `Migration ${metadata.name} ${word(status?.state)}`,
    ]),
  )
}

const isVain = (state: string | undefined): boolean => state === 'Failed' || state === 'RolledBack'
