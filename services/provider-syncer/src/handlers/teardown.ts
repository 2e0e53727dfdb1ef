import { Assignment, fieldManager, finalizer } from '@resource-broker/api'
import { type CopyMessage, DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { isAppliedBy, isConflict, isNotFound } from '@resource-broker/kube'
import type { SyncerContext } from '../context.ts'
import { type Known, wantedCopies } from '../known.ts'
import { deleteCopy } from './copies.ts'
import { removeFinalizer } from './finalizer.ts'
import { removeAllRelated } from './related.ts'

/**
 * Takes everything back that was made for an object which is being deleted, is gone, or was replaced by another of its name:
 * copies first; when each was seen gone, related objects, the Assignment, and last the finalizer.
 */
export async function teardown(context: SyncerContext, known: Known, view: KeyView): Promise<Outcome> {
  const left = await removeCopies(context, known, view)
  if (left.length > 0) return DONE // the watch tells when a copy is gone
  await removeAllRelated(context, known)
  await removeAssignment(context, known, view)
  await letGo(context, known)
  await forget(context, known)
  context.logger.info(
    { key: known.key, consumer: known.ref.cluster, namespace: known.ref.namespace, name: known.ref.name },
    'object released',
  )
  return DONE
}

/** What only the broker knows of the object expires, since no watch will tell that it went. */
async function forget(context: SyncerContext, { key, decision }: Known): Promise<void> {
  context.told.delete(key)
  context.compared.delete(key)
  if (decision !== undefined)
    await context.bus.publish({ part: 'decision', key, message: { ...decision, provider: null }, tombstone: true })
}

async function removeCopies(context: SyncerContext, known: Known, view: KeyView): Promise<string[]> {
  const providers = new Set([...wantedCopies(known.assignment).map(({ provider }) => provider), ...known.copies.keys()])
  const left: string[] = []
  for (const provider of providers) {
    const copy = known.copies.get(provider) ?? (await lookUp(context, known, provider, view))
    if (copy.object === null || !copy.ours) continue
    left.push(provider)
    if (copy.object.metadata.deletionTimestamp === undefined) await deleteCopy(context, copy)
  }
  return left
}

/** Not heard of is not gone: where no watch has told of a copy that the Assignment names, its provider is asked. */
async function lookUp(context: SyncerContext, known: Known, provider: string, view: KeyView): Promise<CopyMessage> {
  const { ref } = known
  const there = context.clusters.destinations.find(ref, provider)
  if (there === undefined) return { provider, cluster: '', gvr: ref.gvr, ours: false, object: null }
  const target = {
    ...ref.gvr,
    name: there.nameOf(ref),
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
  }
  const object = await there.client.get<KubeObject>(target).catch((error: unknown) => {
    if (isNotFound(error)) return null
    throw error
  })
  const message: CopyMessage = {
    provider,
    cluster: there.cluster,
    gvr: ref.gvr,
    ours: object !== null && isAppliedBy(object, fieldManager),
    object,
  }
  view.learn('copy', provider, message, context.now().getTime())
  return message
}

async function letGo(context: SyncerContext, { source, ref, assignment }: Known): Promise<void> {
  if (!source?.metadata.finalizers?.includes(finalizer) || source.metadata.uid !== assignment.spec.uid) return
  await removeFinalizer(context, ref, source)
}

async function removeAssignment(context: SyncerContext, { assignment }: Known, view: KeyView): Promise<void> {
  const { name, uid } = assignment.metadata
  await context.clusters.coordination
    .delete({ ...Assignment.resource, name }, uid === undefined ? {} : { uid })
    .catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error
    })
  view.learn('assignment', undefined, { name, object: null }, context.now().getTime())
}
