import {
  type Assignment,
  conditionTypes,
  consumerStatus,
  getCondition,
  mergePatchOf,
  type NextCondition,
  reasons,
  sameStatus,
  setCondition,
} from '@resource-broker/api'
import { answered, type KeyView, type KubeObject } from '@resource-broker/bus'
import { isNotFound, readIfThere } from '@resource-broker/kube'
import { recordEvent, tryRecordEvent } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'
import { editAssignment } from './edit-assignment.ts'

/** Tells the consumer why the object is nowhere, such as of each provider why it does not accept it. Only an object without an Assignment is the scheduler's to report on. */
export async function reportUnplaceable(
  context: SchedulerContext,
  known: Known,
  { reason, message }: { reason: string; message: string },
  view: KeyView,
): Promise<void> {
  const { ref, source } = known
  const now = context.now()
  const condition: NextCondition = {
    type: conditionTypes.placed,
    status: 'False',
    reason,
    message,
  }
  const status = consumerStatus({
    copyStatus: undefined,
    conditions: [condition],
    previous: source.status as Record<string, unknown> | undefined,
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
  await tryRecordEvent(client, source, { type: 'Warning', reason, message, now }, { logger, key: known.key })
}

/** Keeps the Assignment's condition Accepted: False while the provider that has the object accepts it no longer and nobody else does. */
export async function reportAccepted(
  context: SchedulerContext,
  known: Known,
  refusal: string | undefined,
  view: KeyView,
): Promise<void> {
  const { assignment, ref, source } = known
  if (assignment === undefined) return
  const before = assignment.status?.conditions
  const existing = getCondition(before, conditionTypes.accepted)
  if (existing === undefined && refusal === undefined) return
  const stays = `stays at ${assignment.spec.providerCluster}, nobody accepts it as it is now: ${refusal}`
  if (
    existing?.status === (refusal === undefined ? 'True' : 'False') &&
    (refusal === undefined || existing.message === stays)
  )
    return
  const word: Word =
    refusal === undefined
      ? { status: 'True', reason: reasons.accepted, message: 'the provider accepts the object' }
      : { status: 'False', reason: reasons.providerNoLongerAccepts, message: stays }
  await accept(context, assignment, word, view)
  if (refusal === undefined) return
  const event = { type: 'Warning', reason: word.reason, message: stays, now: context.now() } as const
  await recordEvent(context.clusters.consumers.client(ref), source, event)
}

type Word = Pick<NextCondition, 'status' | 'reason' | 'message'>

/** Writes the Assignment's condition Accepted, unless it says so already. */
export async function accept(
  context: SchedulerContext,
  assignment: Assignment,
  word: Word,
  view: KeyView,
): Promise<void> {
  const before = assignment.status?.conditions
  const said = getCondition(before, conditionTypes.accepted)
  if (said?.reason === word.reason && said.message === word.message) return
  const conditions = setCondition(before, { type: conditionTypes.accepted, ...word }, context.now())
  await editAssignment(context, assignment, { status: { conditions } }, view)
}
