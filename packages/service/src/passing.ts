import { isConflict, isTransient } from '@resource-broker/kube'
import { ClusterNotConnectedError } from './clusters/clusters.ts'

/** How long trouble that may pass by itself is kept from the consumer. */
export const PASSING_MS = 3_000

/** Whether the same request may be answered otherwise in a moment. */
export function mayPass(error: unknown): boolean {
  return isConflict(error) || isTransient(error) || error instanceof ClusterNotConnectedError
}
