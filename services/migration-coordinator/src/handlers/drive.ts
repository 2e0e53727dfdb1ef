import { Migration as Kind, type Migration } from '@resource-broker/api'
import { DONE, type KeyView, type Outcome, type Run } from '@resource-broker/bus'
import { isConflict, isNotFound } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { staleOf } from '../plan/stages/stale.ts'
import type { Surroundings } from '../plan/step.ts'
import { cleanUp, isToCleanUp, remove, withoutFinalizer } from '../stages/clean-up.ts'
import { stagedOf } from '../stages/staged-messages.ts'
import { expire } from './expire.ts'
import { removeLeftovers } from './leftovers.ts'
import { nextStep } from './next-step.ts'
import { readMigration, surroundings } from './surroundings.ts'
import { isCurrent, isDecisive, type Plan, take } from './take.ts'

/** A step may lead to the next at once; a Migration has far fewer than this until it waits for something. */
const MOST_STEPS = 16
/** What holds a Migration, or one of its stages, may be no matter of its key, so nothing tells that it ended. */
const HELD_MS = 15_000

/** Takes every Migration of one object as far as it can go now. */
export async function drive(context: CoordinatorContext, run: Run): Promise<Outcome> {
  const { view, attempt } = run
  let again = Number.POSITIVE_INFINITY
  for (const name of view.all('migration').keys()) {
    again = Math.min(again, await advance(context, run, name), await settle(context, view, name))
    await finalize(context, view, name)
    again = Math.min(again, await expire(context, view, name))
  }
  const outcome = await removeLeftovers(context, view, attempt)
  if (outcome !== undefined && 'requeueAfterMs' in outcome) return outcome
  return Number.isFinite(again) ? { requeueAfterMs: again, reason: 'a Migration is held, or kept for a while' } : DONE
}

/** Takes one Migration as far as it can go. Returns in how many milliseconds it is looked at again, whatever is heard. */
async function advance(context: CoordinatorContext, run: Run, name: string): Promise<number> {
  const swept: Swept = new Map()
  const againMs = await takeSteps(context, run, name, swept)
  const refused = [...swept.values()].find((error) => error !== undefined)
  if (refused !== undefined) throw refused
  return againMs
}

async function takeSteps(context: CoordinatorContext, { key, view }: Run, name: string, swept: Swept): Promise<number> {
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const migration = readMigration(view, name)
    if (migration === undefined || migration.metadata.deletionTimestamp !== undefined) break
    await sweep(context, migration, view, swept)
    const around = withRemains(await surroundings(context, migration, view), swept)
    const step = await nextStep(context, key, migration, around)
    if (step === undefined) break
    const plan: Plan = { migration, assignment: around.assignment, step }
    if (isDecisive(step) && !(await isCurrent(context, plan, view))) continue
    if (!(await take(context, plan, view)))
      return Math.min(step.againMs ?? Number.POSITIVE_INFINITY, heldFor(context, migration))
  }
  const migration = readMigration(view, name)
  if (migration === undefined) context.turns.leave(name)
  return migration === undefined ? Number.POSITIVE_INFINITY : heldFor(context, migration)
}

/** Whose turn comes is told. */
function heldFor({ turns }: CoordinatorContext, { metadata, status }: Migration): number {
  if (turns.isHeld(metadata.name)) return Number.POSITIVE_INFINITY
  const { state = 'Pending', conditions = [] } = status ?? {}
  const isHeldUp = conditions.some(({ reason }) => reason === 'StageHeldUp' || reason === 'Paused')
  return state === 'Pending' || isHeldUp ? HELD_MS : Number.POSITIVE_INFINITY
}

/** Has a move that has ended give its place back. Returns in how many milliseconds that is looked at again. */
async function settle({ turns }: CoordinatorContext, view: KeyView, name: string): Promise<number> {
  const migration = readMigration(view, name)
  return migration === undefined ? Number.POSITIVE_INFINITY : await turns.settle(migration)
}

/** What a look has tried to remove at the compute cluster, by uid, and what was thrown at that. */
type Swept = Map<string, unknown>

/** What cannot be removed holds up the next stage, which says so, and nothing else. */
function withRemains(around: Surroundings, swept: Swept): Surroundings {
  const staged = around.staged.map((each) => {
    const error = swept.get(each.object.metadata.uid)
    return error instanceof Error ? { ...each, remains: error.message } : each
  })
  return { ...around, staged }
}

/** Removes what stages that are done have deployed, each once. */
async function sweep(
  { staging }: CoordinatorContext,
  migration: Migration,
  view: KeyView,
  swept: Swept,
): Promise<void> {
  if (staging === undefined || isToCleanUp(migration)) return
  const stale = staleOf(migration, stagedOf(migration, view).staged).filter(
    ({ object }) => !swept.has(object.metadata.uid),
  )
  const tried = stale.map(async (it) => {
    const refused = await remove(staging, it).then(
      () => undefined,
      (error: unknown) => error,
    )
    swept.set(it.object.metadata.uid, refused)
  })
  await Promise.all(tried)
}

/** A Migration that has ended, or is to go, keeps its finalizer until nothing of it is left at the compute cluster. */
async function finalize(context: CoordinatorContext, view: KeyView, name: string): Promise<void> {
  const migration = readMigration(view, name)
  if (migration === undefined || !isToCleanUp(migration)) return
  const { logger, staging, coordination, now } = context
  if (staging === undefined) {
    logger.warn(
      { migration: name },
      'without the compute cluster nobody knows whether anything of the Migration is left there',
    )
    return
  }
  if (!(await cleanUp(staging, migration))) return
  const { uid, resourceVersion } = migration.metadata
  const patch = { metadata: { uid, resourceVersion, finalizers: withoutFinalizer(migration) } }
  try {
    const object = await coordination.mergePatch<Migration>({ ...Kind.resource, name }, patch)
    view.learn('migration', name, { name, object: object as never }, now().getTime())
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
    logger.info({ migration: name, err: error }, 'the Migration changed or went while it was cleaned up')
  }
}
