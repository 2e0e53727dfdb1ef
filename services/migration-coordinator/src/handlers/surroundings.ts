import {
  Assignment,
  awaySince,
  isPending,
  Migration,
  openMoves,
  Provider,
  providerName,
  runningMove,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { type ObjectRef, readIfThere } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { copyOf, hasSwitched, others } from '../plan/copies.ts'
import type { Surroundings, Wait } from '../plan/step.ts'
import { deployedOf } from '../stages/deployed-of.ts'
import { matchingConfiguration } from './configurations.ts'
import { copiesOf } from './copies-of.ts'

/** What a Migration's next step is planned by, besides itself. */
export async function surroundings(
  context: CoordinatorContext,
  migration: Migration,
  view: KeyView,
): Promise<Surroundings> {
  const message = view.get('assignment')
  // No message of the Assignment is no proof that there is none.
  const named =
    message?.name === migration.spec.assignment
      ? message.object
      : await readOrNull(context, { ...Assignment.resource, name: migration.spec.assignment })
  const assignment = named === null || named === undefined ? undefined : Assignment.of(named)
  const begins = isPending(migration)
  return {
    assignment,
    turn: begins && assignment !== undefined ? turnOf(migration, assignment, view) : undefined,
    configuration: begins ? await matchingConfiguration(context, migration, assignment, view) : undefined,
    paused: !begins && migration.spec.paused === true ? 'its spec.paused' : undefined,
    copies: begins || assignment === undefined ? {} : await copiesOf(context, migration, assignment, view),
    ...(await deployedOf(context, migration, view)),
    hasCompute: context.staging !== undefined,
    undoneBy: assignment && undoneBy(migration, assignment, view),
    ...(assignment !== undefined && (await isFromAway(context, migration, assignment)) ? { isFromAway: true } : {}),
    now: context.now(),
  }
}

/** Whether an object that failed over has left all but a copy that nobody can remove yet: asked for there alone, as its provider may answer nobody. */
async function isFromAway(context: CoordinatorContext, migration: Migration, assignment: Assignment): Promise<boolean> {
  const { failover, from } = migration.spec
  if (failover === undefined || !hasSwitched(migration, assignment)) return false
  const left = copyOf(assignment, from.providerCluster)
  if (left === undefined || others(assignment, from.providerCluster).length < (assignment.spec.copies ?? []).length)
    return false
  const record = await readOrNull(context, { ...Provider.resource, name: providerName(from.providerCluster) })
  const provider = Provider.readable(record)
  return provider !== undefined && awaySince(provider) !== undefined
}

export async function readOrNull(context: CoordinatorContext, ref: ObjectRef): Promise<KubeObject | null> {
  return (await readIfThere<KubeObject>(context.coordination, ref)) ?? null
}

export function readMigration(view: KeyView, name: string): Migration | undefined {
  const object = view.get('migration', name)?.object
  return object === undefined || object === null ? undefined : Migration.of(object)
}

const migrationsIn = (view: KeyView): Migration[] =>
  [...view.all('migration').keys()].flatMap((name) => readMigration(view, name) ?? [])

/** What a Migration waits for before it begins: another one of the same object goes first. */
function turnOf(migration: Migration, assignment: Assignment, view: KeyView): Wait | undefined {
  const first = runningMove(migrationsIn(view), assignment)?.metadata.name
  const isFirst = first === undefined || first === migration.metadata.name
  return isFirst ? undefined : { reason: 'Waiting', message: `waits for ${first}` }
}

/** Another Migration of the object that waits, and goes just the other way. */
function undoneBy(
  { metadata, spec: { from, to } }: Migration,
  assignment: Assignment,
  view: KeyView,
): string | undefined {
  return openMoves(migrationsIn(view), assignment).find(
    (other) =>
      other.metadata.name !== metadata.name &&
      other.spec.from.providerCluster === to.providerCluster &&
      other.spec.to.providerCluster === from.providerCluster,
  )?.metadata.name
}
