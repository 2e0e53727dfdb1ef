import { type Condition, type NextCondition, sameStatus, setCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type CollectionRef, isNotFound, type KubeClient, readIfThere } from '@resource-broker/kube'
import type { Logger } from './logger.ts'

/** A kind whose objects people write, and whose status says how they stand. */
type Kind = {
  kind: string
  resource: CollectionRef
  status: { safeParse: (status: unknown) => { data?: { conditions?: Condition[] } | undefined } }
}

/**
 * Tells by conditions, and what else its status says (`rest`), in one write, how an object that somebody wrote stands. Returns the object as it is then; undefined: nothing was written, as it says so already, or as the
 * object is gone, which the log tells.
 * @throws {KubeError} `isConflict` where it has changed meanwhile
 */
export async function tellConditions(
  { client, logger }: { client: KubeClient; logger: Logger },
  { kind, resource, status }: Kind,
  object: KubeObject,
  told: readonly NextCondition[],
  now: Date,
  rest: Record<string, unknown> = {},
): Promise<KubeObject | undefined> {
  const { name, resourceVersion } = object.metadata
  const known: { conditions?: Condition[] } = status.safeParse(object['status']).data ?? {}
  const before = known.conditions
  const conditions = told.reduce((all, next) => setCondition(all, next, now), before ?? [])
  const said = Object.fromEntries(Object.keys(rest).map((field) => [field, (known as Record<string, unknown>)[field]]))
  if (sameStatus({ conditions, ...rest }, { conditions: before, ...said })) return undefined
  const ref = { ...resource, name }
  const patch = { metadata: { resourceVersion }, status: { conditions, ...rest } }
  try {
    return await client.mergePatch<KubeObject>(ref, patch, { subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error) || (await readIfThere(client, ref, { metadataOnly: true })) !== undefined) throw error
    logger.info({ kind, name, err: error }, 'the object is gone, and is not told how it stands')
    return undefined
  }
}
