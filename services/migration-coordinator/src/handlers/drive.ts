import {
  Assignment,
  conditionTypes,
  hasEnded,
  Migration,
  type NextCondition,
  runningMove,
  setCondition,
  timestamp,
} from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome, type Run } from '@resource-broker/bus'
import { isConflict, isNotFound, type ObjectRef, readIfThere } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { planStep, recordAfter, type Step, type Wait } from '../plan.ts'
import { matchingConfiguration } from './configurations.ts'
import { removeLeftovers } from './leftovers.ts'

/** A step may lead to the next at once; a Migration has far fewer than this. */
const MOST_STEPS = 8
/** What holds a Migration is no matter of its key, so nothing tells that it ended. */
const HELD_MS = 15_000

/** When a Migration was first seen to have ended, by its uid, in milliseconds of the broker's own clock. */
export type EndsSeen = Map<string, number>

/** Takes every Migration of one object as far as it can go now. */
export async function drive(context: CoordinatorContext, { view, attempt, memory }: Run<EndsSeen>): Promise<Outcome> {
  let again = Number.POSITIVE_INFINITY
  for (const name of view.all('migration').keys()) {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const migration = readMigration(view, name)
      if (migration === undefined) break
      const around = await surroundings(context, migration, view)
      const step = planStep(migration, around)
      if (step === undefined) break
      const plan: Plan = { migration, assignment: around.assignment, step }
      if (isDecisive(step) && !(await isCurrent(context, plan, view))) continue
      if (!(await take(context, plan, view))) break
    }
    const held = readMigration(view, name)?.status?.state === 'Pending' ? HELD_MS : Number.POSITIVE_INFINITY
    again = Math.min(again, held, await expire(context, view, name, memory))
  }
  const outcome = await removeLeftovers(context, view, attempt)
  if (outcome !== undefined && 'requeueAfterMs' in outcome) return outcome
  return Number.isFinite(again) ? { requeueAfterMs: again, reason: 'a Migration is held, or kept for a while' } : DONE
}

/** A step, and what it was planned by. */
type Plan = { migration: Migration; assignment: Assignment | undefined; step: Step }

function readMigration(view: KeyView, name: string): Migration | undefined {
  const object = view.get('migration', name)?.object
  return object === undefined || object === null ? undefined : Migration.of(object)
}

/** It changes the Assignment, or it is the last one. */
const isDecisive = ({ edit, state }: Step): boolean => edit !== undefined || hasEnded({ status: { state } })

/**
 * Whether what a step was planned by is what the platform has; that is known from then on. A view can be behind, or tell of another
 * Assignment by now, and an Assignment that was edited for a Migration that has ended would stay so.
 */
async function isCurrent(context: CoordinatorContext, { migration, assignment }: Omit<Plan, 'step'>, view: KeyView) {
  const now = context.now().getTime()
  const { metadata, spec } = migration
  const [itself, record] = await Promise.all([
    readOrNull(context, { ...Migration.resource, name: metadata.name }),
    readOrNull(context, { ...Assignment.resource, name: spec.assignment }),
  ])
  view.learn('migration', metadata.name, { name: metadata.name, object: itself }, now)
  view.learn('assignment', undefined, { name: spec.assignment, object: record }, now)
  return (
    itself?.metadata.resourceVersion === metadata.resourceVersion &&
    record?.metadata.resourceVersion === assignment?.metadata.resourceVersion
  )
}

async function readOrNull(context: CoordinatorContext, ref: ObjectRef): Promise<KubeObject | null> {
  return (await readIfThere<KubeObject>(context.coordination, ref)) ?? null
}

async function surroundings(context: CoordinatorContext, migration: Migration, view: KeyView) {
  const message = view.get('assignment')
  // No message of the Assignment is no proof that there is none.
  const named =
    message?.name === migration.spec.assignment
      ? message.object
      : await readOrNull(context, { ...Assignment.resource, name: migration.spec.assignment })
  const assignment = named === null || named === undefined ? undefined : Assignment.of(named)
  const begins = (migration.status?.state ?? 'Pending') === 'Pending'
  return {
    assignment,
    turn: begins && assignment !== undefined ? turnOf(migration, assignment, view) : undefined,
    configuration: begins ? await matchingConfiguration(context, migration) : undefined,
  }
}

/** What a Migration waits for before it begins: another one of the same object goes first. */
function turnOf(migration: Migration, assignment: Assignment, view: KeyView): Wait | undefined {
  const known = [...view.all('migration').keys()].flatMap((name) => readMigration(view, name) ?? [])
  const first = runningMove(known, assignment)?.metadata.name
  const isFirst = first === undefined || first === migration.metadata.name
  return isFirst ? undefined : { reason: 'Waiting', message: `waits for ${first}` }
}

/**
 * Performs one step: the Assignment first, then the record of it; each as it was seen, and no other version of it. Returns whether
 * there may be a next step: anything changed, or something else was there than was known, which is learned then.
 */
async function take(context: CoordinatorContext, plan: Plan, view: KeyView): Promise<boolean> {
  const { migration, step } = plan
  const conditions = conditionsOf(migration, step, context.now())
  if (migration.status?.state === step.state && conditions === migration.status.conditions && step.edit === undefined)
    return false
  try {
    if (step.edit !== undefined) await editAssignment(context, plan, view)
    const said = { state: step.state, ...(conditions === undefined ? {} : { conditions }) }
    await record(context, migration, said, view)
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error
    if (await isCurrent(context, plan, view)) throw error // nothing has changed: it is refused
    return true
  }
  const { name } = migration.metadata
  context.logger.info({ migration: name, state: step.state, reason: step.reason }, step.message)
  context.tracing?.tell({ 'broker.migration': name, 'broker.state': step.state, 'broker.reason': step.reason })
  return true
}

async function record(
  context: CoordinatorContext,
  { metadata: { name, resourceVersion } }: Migration,
  said: NonNullable<Migration['status']>,
  view: KeyView,
): Promise<void> {
  const ended = hasEnded({ status: said }) ? { completionTime: timestamp(context.now()) } : {}
  const patch = { metadata: { resourceVersion }, status: { ...said, ...ended } }
  const object = await context.coordination.mergePatch<KubeObject>({ ...Migration.resource, name }, patch, {
    subresource: 'status',
  })
  view.learn('migration', name, { name, object }, context.now().getTime())
}

async function editAssignment(
  context: CoordinatorContext,
  { migration, assignment, step: { edit, active } }: Plan,
  view: KeyView,
): Promise<void> {
  const { assignment: name } = migration.spec
  const { uid, resourceVersion } = assignment?.metadata ?? {}
  const copies = assignment && edit && recordAfter(assignment, edit)
  const status = { ...active, ...(copies && { copies }) }
  const patch = { spec: edit, ...(Object.keys(status).length === 0 ? {} : { status }) }
  const note = context.tracing === undefined ? {} : { annotations: context.tracing.note() }
  const object = await context.coordination.mergePatch<KubeObject>(
    { ...Assignment.resource, name },
    { metadata: { uid, resourceVersion, ...note }, ...patch },
  )
  view.learn('assignment', undefined, { name, object }, context.now().getTime())
}

/** The same array if nothing changes. */
function conditionsOf({ status }: Migration, { state, reason, message }: Step, now: Date) {
  const before = status?.conditions
  const cutOver = state === 'CutoverCompleted'
  const next: NextCondition[] = [
    { type: conditionTypes.ready, status: cutOver ? 'True' : 'False', reason, message },
    { type: conditionTypes.cutoverCompleted, status: cutOver ? 'True' : 'False', reason, message },
  ]
  const same = next.every((condition) =>
    before?.some(
      (c) => c.type === condition.type && c.reason === reason && c.message === message && c.status === condition.status,
    ),
  )
  if (same) return before
  return next.reduce((conditions, condition) => setCondition(conditions, condition, now), before ?? [])
}

/** Removes a Migration that ended long enough ago. Returns how long it stays yet, in milliseconds. */
async function expire(context: CoordinatorContext, view: KeyView, name: string, seen: EndsSeen): Promise<number> {
  const migration = readMigration(view, name)
  const end = migration?.status?.completionTime
  if (migration === undefined || end === undefined) return Number.POSITIVE_INFINITY
  const { uid = '' } = migration.metadata
  const now = context.now().getTime()
  // Another replica's clock wrote the end: one that is ahead does not keep it for longer.
  const since = seen.get(uid) ?? now
  seen.set(uid, since)
  const ended = Math.min(Date.parse(end), since)
  const left = ended + context.keepMs - now
  if (left > 0) return left
  seen.delete(uid)
  await context.coordination.delete({ ...Migration.resource, name }).catch((err: unknown) => {
    if (!isNotFound(err)) throw err
    context.logger.info({ migration: name, err }, 'the Migration that was to be removed is gone already')
  })
  return Number.POSITIVE_INFINITY
}
