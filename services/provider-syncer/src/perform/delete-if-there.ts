import type { KubeObject } from '@resource-broker/bus'
import { type DeleteOptions, isNotFound, type KubeClient, type ObjectRef, readIfThere } from '@resource-broker/kube'

/**
 * Deletes the very object of `uid`, and answers whether it is gone by now. A server that says "not found" of an object that it shows is
 * not believed. @throws {KubeError} its refusal then
 */
export async function deleteIfThere(
  client: KubeClient,
  ref: ObjectRef,
  preconditions: Pick<DeleteOptions, 'uid' | 'resourceVersion'>,
): Promise<{ isGone: boolean }> {
  try {
    await client.delete(ref, preconditions)
    return { isGone: false }
  } catch (error) {
    if (!isNotFound(error)) throw error
    const there = await readIfThere<KubeObject>(client, ref, { metadataOnly: true })
    if (there?.metadata.uid === preconditions.uid) throw error
    return { isGone: true }
  }
}
