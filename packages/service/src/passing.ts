import { isConflict, isTransient } from '@resource-broker/kube'
import { ClusterNotConnectedError } from './clusters/clusters.ts'

/** Whether the same request may be answered otherwise in a moment. */
export function mayPass(error: unknown): boolean {
  return isConflict(error) || isTransient(error) || error instanceof ClusterNotConnectedError
}
