import { hasEnded, type Migration } from '@resource-broker/api'
import { DONE, isTerminal, type KeyView, type Outcome, type Run } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { staleOf } from '../plan/stages/stale.ts'
import type { Plan, Surroundings } from '../plan/step.ts'
import { isToCleanUp, remove } from '../stages/clean-up.ts'
import { askedAgainMs } from '../stages/deployed-of.ts'
import { learnGone, stagedOf } from '../stages/staged-messages.ts'
import { type Answers, ask, isCurrent, read } from './answers.ts'
import { expire } from './expire.ts'
import { finalize } from './finalize.ts'
import { removeLeftovers } from './leftovers.ts'
import { nextStep } from './next-step.ts'
import { readMigration, surroundings } from './surroundings.ts'
import { take } from './take.ts'

/** One look at an object's Migrations. */
type Look = Omit<Run, 'memory'>

/** A step may lead to the next at once; a Migration has far fewer than this until it waits for something. */
const MOST_STEPS = 16
/** What holds a Migration, or one of its stages, may be no matter of its key, so nothing tells that it ended. */
const HELD_MS = 15_000

/** Takes every Migration of one object as far as it can go now; what stops one of them, or what is left of it, stops no other. */
export async function drive(context: CoordinatorContext, run: Look): Promise<Outcome> {
  const { view, attempt } = run
  let again = Number.POSITIVE_INFINITY
  const thrown: unknown[] = []
  for (const name of view.all('migration').keys()) {
    const driven = driveOne(context, run, name).catch((error: unknown) => {
      thrown.push(error)
      return Number.POSITIVE_INFINITY
    })
    again = Math.min(again, await driven)
  }
  const outcome = await removeLeftovers(context, view, attempt)
  if (thrown.length > 0) throw thrown.find((error) => !isTerminal(error)) ?? thrown[0]
  if (outcome !== undefined && 'requeueAfterMs' in outcome) return outcome
  return Number.isFinite(again) ? { requeueAfterMs: again, reason: 'a Migration is held, or kept for a while' } : DONE
}

/** Returns in how many milliseconds the Migration is looked at again, whatever is heard. */
async function driveOne(context: CoordinatorContext, run: Look, name: string): Promise<number> {
  const again = [await advance(context, run, name), await settle(context, run.view, name)]
  await finalize(context, run.view, name)
  const migration = readMigration(run.view, name)
  const asked = migration === undefined ? Number.POSITIVE_INFINITY : askedAgainMs(context, migration, run.view)
  return Math.min(...again, asked, await expire(context, run.view, name))
}

/** Takes one Migration as far as it can go. Returns in how many milliseconds it is looked at again, whatever is heard. */
async function advance(context: CoordinatorContext, run: Look, name: string): Promise<number> {
  const swept: Swept = new Map()
  const againMs = await takeSteps(context, run, name, swept)
  const refused = [...swept.values()].find((error) => error !== undefined)
  if (refused !== undefined) throw refused
  return againMs
}

async function takeSteps(context: CoordinatorContext, run: Look, name: string, swept: Swept): Promise<number> {
  const { view } = run
  let answers = await askTime(context, view, name)
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const migration = readMigration(view, name)
    if (migration === undefined || migration.metadata.deletionTimestamp !== undefined) break
    if (await sweep(context, migration, view, swept)) answers = {} // that may have taken a while
    if (hasEnded(migration)) {
      context.turns.leave(name)
      break
    }
    const around = withRemains(await surroundings(context, migration, view), swept)
    const step = await nextStep(context, run, migration, around)
    if (step === undefined) break
    const plan: Plan = { migration, around, step }
    const asked = await ask(context, plan, answers, view)
    answers = { ...answers, ...asked }
    if (!isCurrent(plan, asked)) continue
    const next = await take(context, plan, view)
    if (next === undefined) return Math.min(step.againMs ?? Number.POSITIVE_INFINITY, heldFor(context, migration))
    answers = next
  }
  const migration = readMigration(view, name)
  if (migration === undefined) context.turns.leave(name)
  return migration === undefined ? Number.POSITIVE_INFINITY : heldFor(context, migration)
}

/** The platform's time counts, and an answer tells it: one is asked for by a process that has had none. */
async function askTime(context: CoordinatorContext, view: KeyView, name: string): Promise<Answers> {
  const migration = readMigration(view, name)
  if (context.coordination.knowsTime || migration === undefined) return {}
  return await read(context, migration, ['migration'], view)
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

/** Removes what stages that are done have deployed, each once. Returns whether there was anything. */
async function sweep(
  { staging, now }: CoordinatorContext,
  migration: Migration,
  view: KeyView,
  swept: Swept,
): Promise<boolean> {
  if (staging === undefined || isToCleanUp(migration)) return false
  const stale = staleOf(migration, stagedOf(migration, view).staged).filter(
    ({ object }) => !swept.has(object.metadata.uid),
  )
  const tried = stale.map(async (it) => {
    const refused = await remove(staging, it).then(
      (isGone) => (isGone ? learnGone(view, it, now()) : undefined),
      (error: unknown) => error,
    )
    swept.set(it.object.metadata.uid, refused)
  })
  await together(tried)
  return tried.length > 0
}
