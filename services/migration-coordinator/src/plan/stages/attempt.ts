import { annotations } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** Which attempt of its stage an object was deployed in; 0: it does not say. */
export const attemptOf = ({ metadata }: KubeObject): number =>
  Number(metadata.annotations?.[annotations.migrationAttempt] ?? 0)
