import type { KubeObject } from '@resource-broker/bus'
import { isNotFound, type KubeClient, type ObjectRef, type ReadOptions } from '@resource-broker/kube'

/** The object, or undefined if its API server says that there is none. */
export async function readIfThere(
  client: KubeClient,
  ref: ObjectRef,
  options: ReadOptions = {},
): Promise<KubeObject | undefined> {
  return await client.get<KubeObject>(ref, options).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}
