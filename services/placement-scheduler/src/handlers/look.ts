import type { Outcome, Run } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import { place } from './place.ts'

/** When the places of an object are looked at again that the platform still refers to, or that could not be written down. */
const UNSETTLED_MS = 5_000

/** Places one object, and has the places that it holds at offers with a capacity be what its records say. */
export async function look(context: SchedulerContext, run: Run): Promise<Outcome> {
  const { key, view } = run
  const { capacity } = context
  const settled = () => capacity.settle(key, view)
  const outcome = await place(context, run).finally(settled)
  if (!('done' in outcome) || !capacity.isUnsettled(key, view)) return outcome
  return { requeueAfterMs: UNSETTLED_MS, reason: 'the places of the object are not settled' }
}
