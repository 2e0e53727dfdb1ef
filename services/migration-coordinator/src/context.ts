import type { Bus } from '@resource-broker/bus'
import type { KubeClient } from '@resource-broker/kube'
import type { Clusters, Compute, Logger, Tracing } from '@resource-broker/service'
import type { MoveMetrics } from './move-metrics.ts'
import type { Turns } from './turns/turns.ts'

/** What the handlers of the coordinator work with. */
export type CoordinatorContext = {
  coordination: KubeClient
  bus: Pick<Bus, 'refresh'>
  /** Which moves may begin. */
  turns: Pick<Turns, 'ask' | 'leave' | 'isHeld' | 'settle'>
  /** Undefined: there is no cluster for what stages deploy. */
  staging: Staging | undefined
  metrics?: MoveMetrics | undefined
  logger: Logger
  tracing?: Tracing | undefined
  /** The platform's time: what is recorded by one replica is judged by others. */
  now: () => Date
  /** How long an ended Migration stays readable, in milliseconds. */
  keepMs: number
}

/** Where stages deploy, and where the copies are whose related objects they see. */
export type Staging = { compute: Compute } & Pick<Clusters, 'brokerID' | 'destinations' | 'providers'>
