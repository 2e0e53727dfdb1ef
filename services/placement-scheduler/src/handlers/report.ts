import {
  type Assignment,
  type Condition,
  conditionTypes,
  consumerStatus,
  type Decision,
  type FailoverWord,
  getCondition,
  isPending,
  type Migration,
  mergePatchOf,
  type NextCondition,
  reasons,
  refusalMessage,
  sameStatus,
  setCondition,
  timestamp,
} from '@resource-broker/api'
import { answered, type KeyView, type KubeObject } from '@resource-broker/bus'
import { isNotFound, readIfThere } from '@resource-broker/kube'
import { recordEvent, tryRecordEvent } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'
import { editAssignment } from './edit-assignment.ts'

/**
 * Tells the consumer why the object is nowhere, such as of each provider why it does not accept it. Only an object without an Assignment is the
 * scheduler's to report on. `of`: which matter it is, where the same trouble in other words is no news, and no other Event.
 */
export async function reportUnplaceable(
  context: SchedulerContext,
  known: Known,
  { reason, message, of }: { reason: string; message: string; of?: string },
  view: KeyView,
): Promise<void> {
  const { ref, source } = known
  const now = context.now()
  const previous = source.status as { conditions?: Condition[] } | undefined
  const condition: NextCondition = {
    type: conditionTypes.placed,
    status: 'False',
    reason,
    message,
  }
  const status = consumerStatus({
    copyStatus: undefined,
    conditions: [condition],
    previous,
    rename: (name) => name,
    namespace: ref.namespace,
    now,
  })
  if (sameStatus(status, source.status)) return
  const target = { ...ref.gvr, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
  const patch = { status: mergePatchOf(source.status, status) }
  const client = context.clusters.consumers.client(ref)
  try {
    const written = await client.mergePatch<KubeObject>(target, patch, { subresource: 'status' })
    // Whole: its spec may be newer than ours.
    view.learn('source', undefined, answered(known, written), now.getTime())
  } catch (error) {
    if (!isNotFound(error)) throw error
    const existing = await readIfThere<KubeObject>(client, target, { metadataOnly: true })
    if (existing?.metadata.uid !== source.metadata.uid) return // its event is on the way
    // A kind without status: the Event alone tells.
  }
  const { logger } = context
  if (of !== undefined && getCondition(previous?.conditions, conditionTypes.placed)?.reason === reason) return
  const note = { type: 'Warning' as const, reason, message, now, ...(of === undefined ? {} : { of }) }
  await tryRecordEvent(client, source, note, { logger, key: known.key })
}

/**
 * Keeps the Assignment's condition Accepted: False while the provider that has the object accepts it no longer and nobody else does; True
 * with a reason of its own while the provider is drained and nobody else accepts it.
 */
export async function reportAccepted(
  context: SchedulerContext,
  known: Known,
  decision: Extract<Decision, { verdict: 'stay' | 'strand' }>,
  view: KeyView,
): Promise<void> {
  const { assignment } = known
  if (assignment === undefined) return
  const word = wordOf(assignment.spec.providerCluster, decision)
  const isFirst = getCondition(assignment.status?.conditions, conditionTypes.accepted) === undefined
  if (isFirst && word === ACCEPTED) return
  const isNews = await accept(context, assignment, word, view)
  if (isNews && word.status !== 'True') await warn(context, known, word)
}

/** Keeps that condition Unknown while the provider is away and the object is to leave it: until when that has to last, or what keeps it from leaving. */
export async function reportAbsence(
  context: SchedulerContext,
  known: Known,
  assignment: Assignment,
  answer: Extract<FailoverWord, { is: 'waits' | 'held' }>,
  view: KeyView,
): Promise<void> {
  const away = `placed at ${assignment.spec.providerCluster}, which is away since ${answer.since}`
  const word: Word =
    answer.is === 'waits'
      ? {
          ...{ status: 'Unknown', reason: reasons.awaitsFailover },
          message: `${away}; failover at ${timestamp(new Date(answer.atMs))}`,
        }
      : { status: 'Unknown', reason: reasons.failoverHeld, message: `${away}; failover is held: ${answer.why}` }
  const isNews = await accept(context, assignment, word, view)
  if (isNews && answer.is === 'held') await warn(context, known, word)
}

/** The same of one that is about to leave: what its move waits for before it begins. From then on the move tells. */
export async function reportFailover(
  context: SchedulerContext,
  known: Known,
  assignment: Assignment,
  migration: Migration,
  view: KeyView,
): Promise<void> {
  const { metadata, spec, status } = migration
  const waits = getCondition(status?.conditions, conditionTypes.ready)?.message
  if (!isPending(migration)) {
    const said = getCondition(assignment.status?.conditions, conditionTypes.accepted)
    if (said?.status === 'Unknown') await accept(context, assignment, ACCEPTED, view)
  } else if (waits !== undefined && spec.failover !== undefined) {
    const held = { is: 'held', since: spec.failover.awaySince, why: `Migration ${metadata.name}: ${waits}` } as const
    await reportAbsence(context, known, assignment, held, view)
  }
}

type Word = Pick<NextCondition, 'status' | 'reason' | 'message'>

/** Tells people who look at the object what its Assignment says of it. */
async function warn(
  { clusters, now }: SchedulerContext,
  { ref, source }: Known,
  { reason, message }: Word,
): Promise<void> {
  await recordEvent(clusters.consumers.client(ref), source, { type: 'Warning', reason, message, now: now() })
}

/** What is said of an object that its provider accepts. */
export const ACCEPTED: Word = { status: 'True', reason: reasons.accepted, message: 'the provider accepts the object' }

function wordOf(provider: string, decision: Extract<Decision, { verdict: 'stay' | 'strand' }>): Word {
  if (decision.record === undefined) return ACCEPTED
  const why = refusalMessage(decision.record)
  if (decision.verdict === 'strand') {
    const message = `stays at ${provider}, nobody accepts it as it is now: ${why}`
    return { status: 'False', reason: reasons.providerNoLongerAccepts, message }
  }
  const message = `stays at ${provider}, which is drained, as nobody else accepts it: ${why}`
  return { status: 'True', reason: reasons.nobodyElseAccepts, message }
}

/** Writes the Assignment's condition Accepted, unless it says so already. Returns whether it did. */
export async function accept(
  context: SchedulerContext,
  assignment: Assignment,
  word: Word,
  view: KeyView,
): Promise<boolean> {
  const before = assignment.status?.conditions
  const said = getCondition(before, conditionTypes.accepted)
  if (said?.reason === word.reason && said.message === word.message) return false
  const conditions = setCondition(before, { type: conditionTypes.accepted, ...word }, context.now())
  await editAssignment(context, assignment, { status: { conditions } }, view)
  return true
}
