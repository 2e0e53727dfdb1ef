import { isDeepStrictEqual } from 'node:util'
import {
  Assignment,
  type Condition,
  conditionTypes,
  getCondition,
  hasEnded,
  hasTemplates,
  Migration,
  type NextCondition,
  type StageStatus,
  setCondition,
  stagesFinalizer,
  statusEdit,
  timestamp,
} from '@resource-broker/api'
import { type KeyView, type KubeObject, PASSING_MS } from '@resource-broker/bus'
import { isConflict, isNotFound, isTransient } from '@resource-broker/kube'
import { tryRecordEvent } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { hasSwitched } from '../plan/copies.ts'
import { downtimeAfter } from '../plan/downtime.ts'
import { recordAfter } from '../plan/leftovers.ts'
import { noteOf } from '../plan/note-of.ts'
import { planStep } from '../plan/plan-step.ts'
import type { Deployment, Plan, Snapshot, Step } from '../plan/step.ts'
import { deploy, namespaceOf } from '../stages/deploy.ts'
import { obstacleOf, StageObstacle } from '../stages/stage-obstacle.ts'
import { stagedOf } from '../stages/staged-messages.ts'
import { PAUSED } from '../turns/held-by.ts'
import { type Answers, isCurrent, read } from './answers.ts'

/**
 * Performs one step, each part as it was seen, and no other version of it. Returns what the platform answered; undefined: there is no next
 * step, as nothing changed. Where something else was there than was known, that is learned.
 */
export async function take(context: CoordinatorContext, plan: Plan, view: KeyView): Promise<Answers | undefined> {
  if (!isNews(context, plan)) return undefined
  const { step } = plan
  try {
    const migration =
      step.snapshot === undefined ? plan.migration : await keepSnapshot(context, plan, step.snapshot, view)
    const done = step.deploy === undefined ? step : await perform(context, plan, step.deploy, view)
    const assignment = step.edit === undefined ? undefined : await editAssignment(context, plan, view)
    const written = await record(context, { ...plan, migration, step: done }, view)
    say(context, { ...plan, step: done }, written)
    return { migration: written, ...(assignment && { assignment }) }
  } catch (error) {
    const obstacle = step.deploy && obstacleOf(error)
    if (obstacle !== undefined) return await take(context, waiting(plan, obstacle), view)
    if (step.deploy !== undefined && isTransient(error) && hasLasted(context, plan))
      await take(context, waiting(plan, (error as Error).message), view)
    if (!isConflict(error) && !isNotFound(error)) throw error
    const answers = await read(context, plan.migration, ['migration', 'assignment'], view)
    if (isCurrent(plan, answers)) throw error // nothing has changed: it is refused
    return answers
  }
}

/** What has been done is in the metrics, the log, the trace, and where people look. */
function say(context: CoordinatorContext, plan: Plan, written: KubeObject): void {
  const { migration, step } = plan
  const { name } = migration.metadata
  tell(context, plan, written)
  context.metrics?.see(migration, Migration.of(written))
  context.logger.info({ migration: name, state: step.state, reason: step.reason }, step.message)
  context.tracing?.tell({ 'broker.migration': name, 'broker.state': step.state, 'broker.reason': step.reason })
}

/** Whoever wrote the step tells it. Nothing waits for that: the conditions say the same. */
function tell({ coordination, logger, now }: CoordinatorContext, { migration, step }: Plan, written: KubeObject): void {
  const note = noteOf(migration, step)
  if (note === undefined) return
  const about = { logger, migration: written.metadata.name }
  void tryRecordEvent(coordination, written, { ...note, now: now(), isOwn: true }, about)
}

/** Whether a step changes anything. */
function isNews(context: CoordinatorContext, { migration, around, step }: Plan): boolean {
  const { status } = migration
  if (downtimeAfter(migration, around.assignment, step.state, context.now()) !== undefined) return true
  if (step.edit !== undefined || step.deploy !== undefined || step.snapshot !== undefined) return true
  if (status?.state !== step.state || conditionsOf(migration, step, context.now()) !== status.conditions) return true
  return step.stage !== undefined && !isDeepStrictEqual(stagesAfter(migration, step.stage), status.stages)
}

/** What becomes of a step whose attempt cannot deploy: it says so, and tries again. */
function waiting({ step, ...plan }: Plan, why: string): Plan {
  const { deploy: deployment, stage, ...others } = step
  const message = `stage ${deployment?.stage}: ${why}`
  return {
    ...plan,
    step: { ...others, reason: 'StageHeldUp', message, ...(stage && { stage: { ...stage, message: why } }) },
  }
}

/** What may pass by itself is told once it has lasted. */
function hasLasted({ now }: CoordinatorContext, { step: { stage } }: Plan): boolean {
  return now().getTime() - Date.parse(stage?.startTime ?? '') >= PASSING_MS
}

/** Deploys, and returns the step that is recorded then: with what was deployed, and what the stage waits for from now on. */
async function perform(
  { staging, now }: CoordinatorContext,
  { migration, around, step }: Plan,
  deployment: Deployment,
  view: KeyView,
): Promise<Step> {
  if (staging === undefined) throw new StageObstacle('the broker has no compute cluster (--compute-kubeconfig)')
  const site = { staging, migration, namespace: namespaceOf(staging, migration), view, now }
  const deployed = await deploy(site, deployment)
  const stage = step.stage && { ...step.stage, deployed }
  if (stage === undefined) return step
  const status = { ...migration.status, state: step.state, stages: stagesAfter(migration, stage) }
  const next = planStep({ ...migration, status }, { ...around, ...stagedOf(migration, view) })
  return next?.stage?.name === stage.name && !isDecisive(next) ? next : { ...step, stage }
}

/** It changes more than the record of the Migration, or it is the last one. */
const isDecisive = ({ edit, deploy: deployment, state }: Step): boolean =>
  edit !== undefined || deployment !== undefined || hasEnded({ status: { state } })

/** The Migration keeps what it goes by; with it comes the word that its stages may have deployed something. */
async function keepSnapshot(
  context: CoordinatorContext,
  { migration }: Plan,
  spec: Snapshot,
  view: KeyView,
): Promise<Migration> {
  const { name, resourceVersion, finalizers = [] } = migration.metadata
  const guarded = hasTemplates(spec.stages) ? { finalizers: [...new Set([...finalizers, stagesFinalizer])] } : {}
  const patch = { metadata: { resourceVersion, ...guarded }, spec }
  const object = await context.coordination.mergePatch<KubeObject>({ ...Migration.resource, name }, patch)
  view.learn('migration', name, { name, object }, context.now().getTime())
  return Migration.of(object)
}

async function record(
  context: CoordinatorContext,
  { migration, around: { assignment }, step }: Plan,
  view: KeyView,
): Promise<KubeObject> {
  const { name, resourceVersion } = migration.metadata
  const now = timestamp(context.now())
  const { state, edit, stage } = step
  const { status: before, spec } = migration
  const conditions = conditionsOf(migration, step, context.now())
  const hasSwitchedNow =
    edit?.providerCluster !== undefined || (assignment !== undefined && hasSwitched(migration, assignment))
  const status = {
    state,
    ...(stage === undefined ? (before?.stage === undefined ? {} : { stage: null }) : { stage: stage.name }),
    ...(conditions === undefined ? {} : { conditions }),
    ...stagesOf(migration, step, now),
    ...(spec.configuration && {
      configuration: { name: spec.configuration.name, generation: spec.configuration.generation },
    }),
    ...(state !== 'Pending' && before?.startTime === undefined ? { startTime: now } : {}),
    ...(hasSwitchedNow && state.startsWith('Cutover') && before?.switchTime === undefined ? { switchTime: now } : {}),
    ...(hasEnded({ status: { state } }) ? { completionTime: now } : {}),
    ...downtimeAfter(migration, assignment, state, context.now()),
  }
  const patch = { metadata: { resourceVersion }, status }
  const object = await context.coordination.mergePatch<KubeObject>({ ...Migration.resource, name }, patch, {
    subresource: 'status',
  })
  view.learn('migration', name, { name, object }, context.now().getTime())
  return object
}

/** Of a move that has ended no stage runs or waits any more. */
function stagesOf(migration: Migration, { state, stage }: Step, now: string): { stages?: StageStatus[] } {
  const stages = stage === undefined ? migration.status?.stages : stagesAfter(migration, stage)
  if (stages === undefined || !hasEnded({ status: { state } }))
    return stage === undefined || stages === undefined ? {} : { stages }
  const over = (each: StageStatus): StageStatus =>
    each.completionTime === undefined
      ? { ...each, state: 'Skipped', completionTime: now, message: 'the move ended before' }
      : each
  return { stages: stages.map(over) }
}

/** The stages that have had their turn, one of them as it is now. */
function stagesAfter({ status }: Migration, stage: StageStatus): StageStatus[] {
  const { stages = [] } = status ?? {}
  return stages.some(({ name }) => name === stage.name)
    ? stages.map((each) => (each.name === stage.name ? stage : each))
    : [...stages, stage]
}

async function editAssignment(
  context: CoordinatorContext,
  { migration, around: { assignment }, step: { edit, active } }: Plan,
  view: KeyView,
): Promise<KubeObject> {
  const { assignment: name } = migration.spec
  const { uid, resourceVersion } = assignment?.metadata ?? {}
  const copies = assignment && edit && recordAfter(assignment, edit)
  const status = { ...active, ...(copies && { copies }) }
  const edited = assignment === undefined ? status : statusEdit(assignment, status)
  const patch = { spec: edit, ...(Object.keys(status).length === 0 ? {} : { status: edited }) }
  const note = context.tracing === undefined ? {} : { annotations: context.tracing.note() }
  const object = await context.coordination.mergePatch<KubeObject>(
    { ...Assignment.resource, name },
    { metadata: { uid, resourceVersion, ...note }, ...patch },
  )
  view.learn('assignment', undefined, { name, object }, context.now().getTime())
  return object
}

/** The same array if nothing changes. */
function conditionsOf({ status }: Migration, { state, reason, message }: Step, now: Date) {
  const before = status?.conditions
  const cutOver = state === 'CutoverCompleted'
  const next: NextCondition[] = [
    { type: conditionTypes.ready, status: cutOver ? 'True' : 'False', reason, message },
    { type: conditionTypes.cutoverCompleted, status: cutOver ? 'True' : 'False', reason, message },
    ...pausedOf(before, reason, message),
  ]
  const same = next.every((condition) =>
    before?.some(({ lastTransitionTime: _since, ...said }) => isDeepStrictEqual(said, condition)),
  )
  if (same) return before
  return next.reduce((conditions, condition) => setCondition(conditions, condition, now), before ?? [])
}

/** The condition Paused: of a move that never was it says nothing. */
function pausedOf(before: Condition[] | undefined, reason: string, message: string): NextCondition[] {
  const type = conditionTypes.paused
  if (reason === PAUSED) return [{ type, status: 'True', reason, message }]
  if (getCondition(before, type) === undefined) return []
  return [{ type, status: 'False', reason: 'NotPaused', message: 'nobody pauses it' }]
}
