import { compilePolicy, type NextCondition, PlacementPolicy } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome, type RecordMessage } from '@resource-broker/bus'
import { readyVerdict, tellCondition } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'

/** The watch by which policies count is another one than that which told of this one. */
const UNHEARD: Outcome = { requeueAfterMs: 100, reason: 'the policy does not count here yet' }

/** Tells a PlacementPolicy how it stands, in its condition Ready, once it counts. @throws {KubeError} `isConflict` where it has changed meanwhile */
export async function judgePolicy(
  context: SchedulerContext,
  view: KeyView,
  { name, object }: RecordMessage,
): Promise<Outcome> {
  if (object === null || object.metadata.deletionTimestamp !== undefined) return DONE
  const { clusters, logger, policies } = context
  if (!policies.counts(object)) return UNHEARD
  const verdict = verdictOn(object)
  const now = context.now()
  const written = await tellCondition({ client: clusters.coordination, logger }, PlacementPolicy, object, verdict, now)
  if (written === undefined) return DONE
  view.learn('policy', undefined, { name, object: written }, now.getTime())
  const { status: ready, reason, message } = verdict
  logger.info({ policy: name, ready, reason }, message)
  return DONE
}

/** How a PlacementPolicy stands: its condition Ready. */
function verdictOn(object: KubeObject): NextCondition {
  const { policy, mistakes } = compilePolicy(object)
  const say = readyVerdict(object)
  const told = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
  if (policy === undefined) return say('False', 'Invalid', `${told}; it counts for no object`)
  if (mistakes.length > 0)
    return say('False', 'Invalid', `${told}; objects that the rest of spec.selector selects go nowhere`)
  const { require = [], prefer } = policy
  if (require.length + prefer.length === 0)
    return say('True', 'AsksForNothing', 'the objects that it selects go anywhere, whatever those below it say')
  return say('True', 'Valid', 'the objects that it selects go by it when they are placed and when they move')
}
