import type { KubeClient } from '@resource-broker/kube'
import type { Logger } from '@resource-broker/service'

/** What the handlers of the coordinator work with. */
export type CoordinatorContext = {
  coordination: KubeClient
  logger: Logger
  now: () => Date
  /** How long an ended Migration stays readable, in milliseconds. */
  keepMs: number
}
