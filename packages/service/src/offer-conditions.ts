import { AcceptAPI, type NextCondition, sameStatus, setCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isNotFound, type KubeClient } from '@resource-broker/kube'
import { recordEvent } from './events.ts'
import type { Logger } from './logger.ts'

/**
 * Tells a provider how an AcceptAPI of theirs stands: as one of its conditions, and as an Event besides where that is False. Nothing is
 * written where it says so already, or where the object is gone, which the log tells.
 * @throws {KubeError} `isConflict` where it has changed meanwhile
 */
export async function reportOnOffer(
  { client, logger }: { client: KubeClient; logger: Logger },
  object: KubeObject,
  condition: NextCondition,
  now: Date,
): Promise<void> {
  const { name, resourceVersion } = object.metadata
  const before = AcceptAPI.status.safeParse(object.status).data?.conditions
  const conditions = setCondition(before, condition, now)
  if (sameStatus({ conditions }, { conditions: before })) return
  const patch = { metadata: { resourceVersion }, status: { conditions } }
  try {
    await client.mergePatch({ ...AcceptAPI.resource, name }, patch, { subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error)) throw error
    const isThere = await client.get({ ...AcceptAPI.resource, name }, { metadataOnly: true }).then(
      () => true,
      (missing: unknown) => !isNotFound(missing),
    )
    if (isThere) throw error
    logger.info({ acceptAPI: name, err: error }, 'the AcceptAPI is gone, and is not told how it stands')
    return
  }
  if (condition.status !== 'False') return
  await recordEvent(client, object, { type: 'Warning', reason: condition.reason, message: condition.message, now })
}
