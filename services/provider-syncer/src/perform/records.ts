import { Assignment, assignmentName, readiness, statusEdit } from '@resource-broker/api'
import { isOvertaken, type KeyView, type KubeObject, type SourceRef } from '@resource-broker/bus'
import { isConflict, isNotFound, readIfThere } from '@resource-broker/kube'
import type { Action } from '../plan/action.ts'
import { deleteIfThere } from './delete-if-there.ts'
import type { Performance } from './perform.ts'

/** Asks the platform for the Assignment of the key: not heard of is not gone. */
export async function readAssignment(performance: Performance): Promise<void> {
  const { context, known, view } = performance
  const name = view.get('assignment')?.name ?? assignmentName(known.key)
  const askedFor = uidIn(view)
  const object = await readIfThere<KubeObject>(context.clusters.coordination, { ...Assignment.resource, name })
  const now = context.now().getTime()
  if (object !== undefined) return view.learn('assignment', undefined, { name, object }, now)
  Object.assign(known.notes, { hasNoAssignment: true, askedFor })
  // What is known may never be taken back by a message: a snapshot can be stored after the word that the object is gone.
  if (known.assignment) await tellGone(performance, known.assignment)
}

/**
 * Who put the Assignment into the stream may have been faster than the watch, which then never knew of it and does not tell that it is
 * gone: the word of the server is passed on to all.
 */
async function tellGone({ context, known: { key }, view }: Performance, { metadata }: Assignment): Promise<void> {
  const { name, uid = '', resourceVersion = '' } = metadata
  const message = { name, object: null, goneUID: uid, goneVersion: resourceVersion }
  view.learn('assignment', undefined, message, context.now().getTime())
  const about = { object: { cluster: '', ...Assignment.resource, name, uid }, version: `${uid}-gone`, tombstone: true }
  await context.bus.publish({ part: 'assignment', key, message, ...about, ifNews: true }).catch((error: unknown) => {
    if (!isOvertaken(error)) throw error
  })
}

/** Writes into the Assignment's status, if it is still as it was read; where it rests on a copy being ready, that copy is asked first. */
export async function record(
  performance: Performance,
  { edit, rests }: Extract<Action, { do: 'record' }>,
): Promise<void> {
  const { context, known, view } = performance
  if (rests !== undefined && !(await isReady(performance, rests))) return
  const assignment = known.assignment as Assignment
  const { name, uid, resourceVersion } = assignment.metadata
  const patch = { metadata: { uid, resourceVersion }, status: statusEdit(assignment, edit) }
  try {
    const object = await context.clusters.coordination.mergePatch<KubeObject>({ ...Assignment.resource, name }, patch)
    view.learn('assignment', undefined, { name, object }, context.now().getTime())
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) await readAssignment(performance)
    throw error
  }
}

async function isReady({ context, known, view }: Performance, provider: string): Promise<boolean> {
  const ref = known.ref as SourceRef
  const message = known.copies.get(provider)
  const there = message && context.clusters.destinations.at(message.cluster)
  if (there === undefined || message?.object == null) return false
  const { name, namespace, uid } = message.object.metadata
  const target = { ...ref.gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  const object = (await readIfThere<KubeObject>(there.client, target)) ?? null
  view.learn('copy', provider, { ...message, object }, context.now().getTime())
  return object !== null && object.metadata.uid === uid && readiness(object).ready
}

/** Deletes the Assignment in the state in which it ends. */
export async function deleteAssignment(performance: Performance): Promise<void> {
  const { context, known } = performance
  const { name, uid, resourceVersion } = (known.assignment as Assignment).metadata
  const askedFor = uidIn(performance.view)
  await deleteIfThere(context.clusters.coordination, { ...Assignment.resource, name }, { uid, resourceVersion })
  Object.assign(known.notes, { hasNoAssignment: true, askedFor })
  await tellGone(performance, known.assignment as Assignment)
  context.logger.info({ key: known.key, consumer: known.ref?.cluster, name: known.ref?.name }, 'object released')
}

const uidIn = (view: KeyView): string | undefined => view.get('source')?.object?.metadata.uid
