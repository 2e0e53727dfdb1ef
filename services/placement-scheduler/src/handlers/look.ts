import type { Outcome, Run } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { readKnown } from '../known.ts'
import { noteUnplaced, type SchedulerMemory } from '../memory.ts'
import { judgePolicy } from './judge-policy.ts'
import { place } from './place.ts'
import { tellRelief, tellTrouble } from './tell-trouble.ts'
import { tendQuota } from './tend-quota.ts'

/** When the places of an object are looked at again that the platform still refers to, or that could not be written down. */
const UNSETTLED_MS = 5_000

/**
 * Looks at what a key stands for: tells a PlacementPolicy or a ConsumerQuota how it stands, or places one object, and has the places that it
 * holds at offers with a capacity and under quotas be what its records say.
 */
export async function look(context: SchedulerContext, run: Run<SchedulerMemory>): Promise<Outcome> {
  const { key, view } = run
  const policy = view.get('policy')
  if (policy !== undefined) return await judgePolicy(context, view, policy)
  const { capacity, quotas } = context
  const matter = quotas.matterOf(key)
  if (matter !== undefined) return await tendQuota(context, matter)
  const settled = () =>
    quotas.isIdle ? capacity.settle(key, view) : together([capacity.settle(key, view), quotas.settle(key, view)])
  const outcome = await tried(context, run).finally(settled)
  const isUnsettled = capacity.isUnsettled(key, view) || quotas.isUnsettled(key, view)
  if (!('done' in outcome) || !isUnsettled) return outcome
  return { requeueAfterMs: UNSETTLED_MS, reason: 'the places of the object are not settled' }
}

/** What keeps the object from being placed is told to its consumer before it is tried again. */
async function tried(context: SchedulerContext, run: Run<SchedulerMemory>): Promise<Outcome> {
  const { key, view, memory } = run
  const begun = context.now().getTime()
  const known = () => readKnown(key, view, context.clusters.consumers.describe)
  try {
    const outcome = await place(context, run)
    memory.troubled.delete(key)
    await tellRelief(context, known(), view)
    return outcome
  } catch (error) {
    await tellTrouble(context, run, error, begun)
    throw error
  } finally {
    noteUnplaced(memory, key, known())
  }
}
