import { isTransient, KubeError } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'

/** Why an attempt cannot deploy what it should, for people; it may be able to later. */
export class StageObstacle extends Error {
  readonly code = 'stage_obstacle'
}

/** What people are told of an error that kept an attempt from deploying; undefined: it is no matter of the attempt. */
export function obstacleOf(error: unknown): string | undefined {
  if (error instanceof StageObstacle || error instanceof ClusterNotConnectedError) return error.message
  return error instanceof KubeError && !isTransient(error) ? error.message : undefined
}
