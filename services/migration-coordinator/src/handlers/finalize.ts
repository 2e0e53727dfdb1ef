import { conditionTypes, getCondition, Migration, type NextCondition } from '@resource-broker/api'
import { type KeyView, type KubeObject, PASSING_MS } from '@resource-broker/bus'
import { isConflict, isNotFound, isTransient } from '@resource-broker/kube'
import { tellConditions } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { cleanUp, isToCleanUp, withoutFinalizer } from '../stages/clean-up.ts'
import { readMigration } from './surroundings.ts'

/**
 * A Migration that has ended, or is to go, keeps its finalizer until nothing of it is left at the compute cluster. What keeps it there is
 * told in its condition CleanedUp.
 */
export async function finalize(context: CoordinatorContext, view: KeyView, name: string): Promise<void> {
  const migration = readMigration(view, name)
  if (migration === undefined || !isToCleanUp(migration)) return
  const { logger, staging } = context
  try {
    if (staging === undefined) return await tell(context, view, migration, WITHOUT_COMPUTE)
    if (await isClean(context, view, migration, staging)) await release(context, view, name)
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
    logger.info({ migration: name, err: error }, 'the Migration changed or went while it was cleaned up')
  }
}

const held = (message: string): NextCondition => ({
  ...{ type: conditionTypes.cleanedUp, status: 'False', reason: 'CleanUpHeldUp', message },
})
const CLEAN: NextCondition = {
  ...{ type: conditionTypes.cleanedUp, status: 'True', reason: 'CleanedUp' },
  message: 'nothing of it is left at the compute cluster',
}
const WITHOUT_COMPUTE = held(
  'the broker has no compute cluster (--compute-kubeconfig), and cannot know whether anything is left there',
)

async function isClean(
  context: CoordinatorContext,
  view: KeyView,
  migration: Migration,
  staging: NonNullable<CoordinatorContext['staging']>,
): Promise<boolean> {
  try {
    return await cleanUp(staging, migration, view)
  } catch (error) {
    // What may pass by itself is told once it has lasted.
    if (!isTransient(error) || sinceEnd(context, migration) >= PASSING_MS)
      await tell(context, view, migration, held((error as Error).message))
    throw error
  }
}

/** How long a Migration has ended or was to go, in milliseconds. */
function sinceEnd({ now }: CoordinatorContext, { metadata, status }: Migration): number {
  const ends = [status?.completionTime, metadata.deletionTimestamp].map((end) => Date.parse(end ?? ''))
  return now().getTime() - Math.min(...ends.filter((end) => !Number.isNaN(end)))
}

async function tell(
  { coordination, logger, now }: CoordinatorContext,
  view: KeyView,
  migration: Migration,
  condition: NextCondition,
): Promise<void> {
  const around = { client: coordination, logger }
  const object = await tellConditions(around, Migration, migration as KubeObject, [condition], now())
  const { name } = migration.metadata
  if (object !== undefined) view.learn('migration', name, { name, object }, now().getTime())
}

async function release(context: CoordinatorContext, view: KeyView, name: string): Promise<void> {
  const { coordination, now } = context
  const known = readMigration(view, name)
  if (getCondition(known?.status?.conditions, CLEAN.type) !== undefined)
    await tell(context, view, known as Migration, CLEAN)
  const migration = readMigration(view, name)
  if (migration === undefined) return
  const { uid, resourceVersion } = migration.metadata
  const patch = { metadata: { uid, resourceVersion, finalizers: withoutFinalizer(migration) } }
  const object = await coordination.mergePatch<KubeObject>({ ...Migration.resource, name }, patch)
  view.learn('migration', name, { name, object }, now().getTime())
}
