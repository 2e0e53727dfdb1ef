import { Assignment, assignmentName } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { isNotFound } from '@resource-broker/kube'
import type { SyncerContext } from '../context.ts'
import type { Known } from '../known.ts'
import { deleteCopy } from './copies.ts'
import { awaitsRelease, removeFinalizer } from './finalizer.ts'
import { teardown } from './teardown.ts'

/** How long a message may be behind another before an API server is asked. */
const GRACE_MS = 2_000

/**
 * A copy without an Assignment is an orphan, and an object that is being deleted is let go without one, only once the platform
 * itself says that there is none: it went by a teardown that did not come to its end, or by somebody's hand.
 */
export async function confirmAssignmentGone(
  context: SyncerContext,
  key: string,
  view: KeyView,
  attempt: number,
): Promise<Outcome> {
  const copies = [...view.all('copy').values()].filter(({ ours, object }) => ours && object !== null)
  const orphans = copies.filter(({ object }) => object?.metadata.deletionTimestamp === undefined)
  const message = view.get('source')
  const isLeaving = copies.length === 0 && awaitsRelease(message?.object)
  if (orphans.length === 0 && !isLeaving) return DONE
  if (attempt === 1) return { requeueAfterMs: GRACE_MS, reason: 'something is here before its Assignment' }
  const assignment = await getOrUndefined(
    context.clusters.coordination.get<KubeObject>({ ...Assignment.resource, name: assignmentName(key) }),
  )
  if (assignment !== undefined) return DONE // its message is on the way
  for (const copy of orphans) {
    context.logger.warn({ key, provider: copy.provider, name: copy.object?.metadata.name }, 'orphan copy removed')
    await deleteCopy(context, copy)
  }
  if (isLeaving && message?.object) await removeFinalizer(context, message.ref, message.object)
  return DONE
}

/** The consumer's object counts as gone only once its own API server says so. */
export async function confirmSourceGone(
  context: SyncerContext,
  known: Known,
  view: KeyView,
  attempt: number,
): Promise<Outcome> {
  const { ref } = known
  if (known.source === undefined && attempt === 1)
    return { requeueAfterMs: GRACE_MS, reason: 'an Assignment is here before its object' }
  const target = { ...ref.gvr, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
  const object = await getOrUndefined(
    context.clusters.consumers.client(ref).get<KubeObject>(target, { metadataOnly: true }),
  )
  if (object?.metadata.uid === known.assignment.spec.uid) return DONE // its message is on the way
  return await teardown(context, { ...known, source: null }, view)
}

async function getOrUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}
