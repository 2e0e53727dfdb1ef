import type { KubeClient } from '@resource-broker/kube'
import type { Logger, Tracing } from '@resource-broker/service'

/** What the handlers of the coordinator work with. */
export type CoordinatorContext = {
  coordination: KubeClient
  logger: Logger
  tracing?: Tracing | undefined
  now: () => Date
  /** How long an ended Migration stays readable, in milliseconds. */
  keepMs: number
}
