import { conditionTypes, getCondition, reasons } from '@resource-broker/api'
import { isTerminal, type KeyView, PASSING_MS, type Run } from '@resource-broker/bus'
import { mayPass } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { type Known, readKnown } from '../known.ts'
import type { SchedulerMemory } from '../memory.ts'
import { ACCEPTED, accept, reportUnplaceable } from './report.ts'

/**
 * Tells the consumer why its object is not placed, or not placed anew, in the words of the server that is in the way: in its own status,
 * or once it has an Assignment by a condition of that, which the syncer passes on. Where not even that can be done the log tells.
 */
export async function tellTrouble(
  context: SchedulerContext,
  { key, view, memory }: Pick<Run<SchedulerMemory>, 'key' | 'view' | 'memory'>,
  error: unknown,
  begun: number,
): Promise<void> {
  const since = memory.troubled.get(key) ?? begun
  memory.troubled.set(key, since)
  if (isTerminal(error) || (mayPass(error) && context.now().getTime() - since < PASSING_MS)) return
  try {
    const known = readKnown(key, view, context.clusters.consumers.describe)
    if (known === undefined) return
    const message = (error as Error).message
    const { assignment, object } = known
    if (assignment === undefined)
      return await reportUnplaceable(
        context,
        known,
        { reason: reasons.placementFails, message: `the object is not placed: ${message}` },
        view,
      )
    if (assignment.spec.uid !== object.uid || assignment.status?.phase === 'Terminating') return
    await accept(
      context,
      assignment,
      { status: 'False', reason: reasons.placementFails, message: `what the object is now is not placed: ${message}` },
      view,
    )
  } catch (err) {
    context.logger.warn({ key, err }, 'the trouble cannot be told to the consumer')
  }
}

/** Takes the word of trouble back once placing the object went well. */
export async function tellRelief(context: SchedulerContext, known: Known | undefined, view: KeyView): Promise<void> {
  const said = getCondition(known?.assignment?.status?.conditions, conditionTypes.accepted)
  if (known?.assignment !== undefined && said?.reason === reasons.placementFails)
    await accept(context, known.assignment, ACCEPTED, view)
}
