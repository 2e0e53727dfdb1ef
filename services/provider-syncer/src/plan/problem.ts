import { PASSING_MS } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { mayPass } from '@resource-broker/service'
import type { Before } from '../facts/notes.ts'

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

/** What kube-apiserver 1.34 says, with status 500, to an apply with a value of another type than the schema's. */
const ILL_TYPED = 'failed to create typed patch object'

/** Whether the same request may be answered otherwise in a moment. */
export function isPassing(error: unknown): boolean {
  return mayPass(error) && !(error instanceof KubeError && error.message.startsWith(ILL_TYPED))
}

/** What may pass by itself is told once it has lasted. */
export function isToBeTold({ passing }: Problem, { troubledMs }: Pick<Before, 'troubledMs'>): boolean {
  return passing === undefined || troubledMs >= PASSING_MS
}
