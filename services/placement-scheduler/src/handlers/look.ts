import { type KeyView, LEARNED_FOR_MS, type Outcome, type Run } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { readKnown } from '../known.ts'
import { noteUnplaced, type SchedulerMemory } from '../memory.ts'
import { learnAssignment } from './bind.ts'
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

/**
 * An Assignment that an answer alone has told of may have gone before its watch knew of it, and then nobody tells that: the platform is asked
 * again.
 */
async function confirm(context: SchedulerContext, { key, view }: Pick<Run, 'key' | 'view'>): Promise<void> {
  const record = view.get('assignment')
  const isDue = (untoldFor(context, view) ?? 0) >= LEARNED_FOR_MS
  if (record?.object == null || !isDue || (await learnAssignment(context, key, view))) return
  const { uid, resourceVersion } = record.object.metadata
  const message = { ...record, object: null, goneUID: uid, goneVersion: resourceVersion }
  view.learn('assignment', undefined, message, context.now().getTime())
}

/** For how many milliseconds an answer alone has told of the Assignment; undefined: a message did, or there is none. */
function untoldFor({ now }: SchedulerContext, view: KeyView): number | undefined {
  return view.get('assignment')?.object == null ? undefined : view.untoldFor('assignment', undefined, now().getTime())
}

/** The same, but looked at once more at the latest when the platform is to be asked again. */
function untilTold(context: SchedulerContext, view: KeyView, outcome: Outcome): Outcome {
  const untoldMs = untoldFor(context, view)
  if (!('done' in outcome) || untoldMs === undefined) return outcome
  const ms = LEARNED_FOR_MS - untoldMs
  return { done: true, againAfterMs: Math.min(outcome.againAfterMs ?? ms, ms) }
}

/** What keeps the object from being placed is told to its consumer before it is tried again. */
async function tried(context: SchedulerContext, run: Run<SchedulerMemory>): Promise<Outcome> {
  const { key, view, memory } = run
  const begun = context.now().getTime()
  const known = () => readKnown(key, view, context.clusters.consumers.describe)
  try {
    await confirm(context, run)
    const outcome = await place(context, run)
    memory.troubled.delete(key)
    await tellRelief(context, known(), view)
    return untilTold(context, view, outcome)
  } catch (error) {
    await tellTrouble(context, run, error, begun)
    throw error
  } finally {
    noteUnplaced(memory, key, known())
  }
}
