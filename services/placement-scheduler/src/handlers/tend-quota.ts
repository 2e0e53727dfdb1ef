import { ConsumerQuota, compileQuota, type NextCondition } from '@resource-broker/api'
import { DONE, type KubeObject, type Outcome } from '@resource-broker/bus'
import { tellConditions, verdictOf } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import type { QuotaMatter } from '../quotas/quotas.ts'

/**
 * Tells a ConsumerQuota how it stands, in its condition Ready, and what its consumers have; or removes the record of one that is gone.
 * @throws {KubeError} `isConflict` where the quota has changed meanwhile
 */
export async function tendQuota(context: SchedulerContext, matter: QuotaMatter): Promise<Outcome> {
  const { clusters, logger, quotas } = context
  if ('usage' in matter) await quotas.remove(matter.usage)
  else if (matter.quota.metadata.deletionTimestamp === undefined) {
    const { quota } = matter
    const verdict = verdictOn(quota)
    const { used, consumers, waiting } = quotas.usedOf(quota.metadata.name)
    const rest = { consumers, waiting, used }
    const client = clusters.coordination
    const written = await tellConditions({ client, logger }, ConsumerQuota, quota, [verdict], context.now(), rest)
    if (written !== undefined) quotas.learn(written)
  }
  return DONE
}

/** How a ConsumerQuota stands: its condition Ready. */
function verdictOn(object: KubeObject): NextCondition {
  const { quota, mistakes } = compileQuota(object)
  const say = verdictOf(object)
  const told = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
  if (typeof quota.objects !== 'number') return say('False', 'Invalid', `${told}; what it may select waits`)
  const { objects } = quota
  return say(
    'True',
    'Valid',
    `of each consumer that it selects ${objects} ${objects === 1 ? 'object is' : 'objects are'} placed at most`,
  )
}
