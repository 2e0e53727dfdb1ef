import type { KubeClient, ReadOptions } from './client.ts'
import { isNotFound } from './errors.ts'
import type { ObjectRef } from './refs.ts'

/** The object, or undefined if its API server says that there is none. */
export async function readIfThere<T>(
  client: Pick<KubeClient, 'get'>,
  ref: ObjectRef,
  options: ReadOptions = {},
): Promise<T | undefined> {
  return await client.get<T>(ref, options).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}
