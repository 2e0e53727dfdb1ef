import { ConnectionError, isConflict, isTransient, KubeError } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'

/** Why something is not as it should be, in the words of the consumer's condition. */
export type Problem = {
  /** The provider that it is about, or a related object. */
  about: string
  reason: string
  message: string
  /** What was thrown, where it may pass by itself: it is told once it has lasted, and tried again soon. */
  passing?: unknown
  /** It comes to its end without another look: somebody tells. */
  awaited?: true
}

/** How long trouble that may pass by itself is kept from the consumer. */
export const PASSING_MS = 3_000

/** What kube-apiserver 1.34 says, with status 500, to an apply with a value of another type than the schema's. */
const ILL_TYPED = 'failed to create typed patch object'

/** Whether the same request may be answered otherwise in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof ClusterNotConnectedError) return true
  if (error instanceof KubeError && error.message.startsWith(ILL_TYPED)) return false
  return isConflict(error) || isTransient(error)
}
