import { compilePolicy, conditionTypes, type NextCondition, PlacementPolicy } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome, type RecordMessage } from '@resource-broker/bus'
import { tellCondition } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'

/** Longest message of the condition, in characters. */
const LONGEST = 4096

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
  const observedGeneration = object.metadata.generation ?? 0
  const say = (status: 'True' | 'False', reason: string, message: string): NextCondition => {
    return { type: conditionTypes.ready, status, reason, message, observedGeneration }
  }
  const told = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
  if (policy === undefined) return say('False', 'Invalid', shortened(`${told}; it counts for no object`))
  if (mistakes.length > 0)
    return say('False', 'Invalid', shortened(`${told}; objects that the rest of spec.selector selects go nowhere`))
  const { require = [], prefer } = policy
  if (require.length + prefer.length === 0)
    return say('True', 'AsksForNothing', 'the objects that it selects go anywhere, whatever those below it say')
  return say('True', 'Valid', 'the objects that it selects go by it when they are placed and when they move')
}

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
