import { AcceptAPI, type NextCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { KubeClient } from '@resource-broker/kube'
import { recordEvent } from './events.ts'
import type { Logger } from './logger.ts'
import { tellConditions } from './tell-conditions.ts'

/**
 * Tells a provider how an AcceptAPI of theirs stands: as one of its conditions, and as an Event besides where that is False. Nothing is
 * written where it says so already, or where the object is gone, which the log tells.
 * @throws {KubeError} `isConflict` where it has changed meanwhile
 */
export async function reportOnOffer(
  around: { client: KubeClient; logger: Logger },
  object: KubeObject,
  condition: NextCondition,
  now: Date,
): Promise<void> {
  if ((await tellConditions(around, AcceptAPI, object, [condition], now)) === undefined) return
  if (condition.status !== 'False') return
  await recordEvent(around.client, object, {
    type: 'Warning',
    reason: condition.reason,
    message: condition.message,
    now,
  })
}
