import { finalizer } from '@resource-broker/api'
import type { KubeObject, SourceRef } from '@resource-broker/bus'
import { isConflict, isNotFound } from '@resource-broker/kube'
import type { SyncerContext } from '../context.ts'

/** Whether the consumer's object is being deleted and waits for the broker alone to let it go. */
export function awaitsRelease(source: KubeObject | null | undefined): source is KubeObject {
  const { deletionTimestamp, finalizers } = source?.metadata ?? {}
  return deletionTimestamp !== undefined && (finalizers?.includes(finalizer) ?? false)
}

/** An apply without finalizers gives up those that the broker applied; others stay. */
export async function removeFinalizer(context: SyncerContext, ref: SourceRef, source: KubeObject): Promise<void> {
  const { apiVersion, kind, metadata } = source
  const body = { apiVersion, kind, metadata: { name: ref.name, namespace: ref.namespace, uid: metadata.uid } }
  const target = { ...ref.gvr, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
  const client = context.clusters.consumers.client(ref)
  try {
    await client.apply(target, body, { force: true })
  } catch (error) {
    if (isNotFound(error)) return
    if (!isConflict(error)) throw error
    const existing = await client.get<KubeObject>(target, { metadataOnly: true }).catch((unread: unknown) => {
      if (isNotFound(unread)) return undefined
      throw unread
    })
    if (existing?.metadata.uid === metadata.uid) throw error
  }
}
