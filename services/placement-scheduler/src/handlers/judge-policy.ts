import {
  type Condition,
  compilePolicy,
  conditionTypes,
  durationText,
  getCondition,
  type NextCondition,
  PlacementPolicy,
  type Policy,
  requirementText,
  satisfies,
  tooManyAway,
} from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome, type RecordMessage } from '@resource-broker/bus'
import { tellConditions, verdictOf } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'

/** The watch by which policies count is another one than that which told of this one. */
const UNHEARD: Outcome = { requeueAfterMs: 100, reason: 'the policy does not count here yet' }

/** Tells a PlacementPolicy how it stands, in its conditions Ready, Satisfiable and Failover, once it counts. @throws {KubeError} `isConflict` where it has changed meanwhile */
export async function judgePolicy(
  context: SchedulerContext,
  view: KeyView,
  { name, object }: RecordMessage,
): Promise<Outcome> {
  if (object === null || object.metadata.deletionTimestamp !== undefined) return DONE
  const { clusters, logger, policies } = context
  if (!policies.counts(object)) return UNHEARD
  const [verdict, satisfiable] = [verdictOn(object), whetherSatisfiable(context, object)]
  const told = [verdict, satisfiable, ...whetherFailsOver(context, object)]
  const now = context.now()
  const written = await tellConditions({ client: clusters.coordination, logger }, PlacementPolicy, object, told, now)
  if (written === undefined) return DONE
  view.learn('policy', undefined, { name, object: written }, now.getTime())
  const { status: ready, reason, message } = verdict
  logger.info({ policy: name, ready, reason, satisfiable: satisfiable.status }, message)
  return DONE
}

/** Whether what is said of whether a policy can be satisfied, or of whether its objects fail over, is right no more, as providers have other labels now, or went away. */
export function isPolicyNews(context: SchedulerContext, { name, object }: RecordMessage): boolean {
  const policy = context.policies.index.get(name)
  if (object === null || policy === undefined) return false
  const said = saidBy(object, conditionTypes.satisfiable)?.status
  const saidOfFailover = saidBy(object, conditionTypes.failover)?.message
  const [failover] = whetherFailsOver(context, object)
  return said !== (isSatisfiable(context, policy) ? 'True' : 'False') || saidOfFailover !== failover?.message
}

/** What a policy says already. */
function saidBy(object: KubeObject, type: string): Condition | undefined {
  return getCondition(PlacementPolicy.status.safeParse(object['status']).data?.conditions, type)
}

/** Whether the objects of a policy fail over now: its condition Failover. One that never asked for that has none. */
function whetherFailsOver({ policies, standings }: SchedulerContext, object: KubeObject): NextCondition[] {
  const failover = policies.index.get(object.metadata.name)?.failover
  const say = verdictOf(object, conditionTypes.failover)
  if (failover === undefined) {
    const wasAsked = saidBy(object, conditionTypes.failover) !== undefined
    return wasAsked ? [say('False', 'NotAsked', 'what is at a provider that is away waits for it')] : []
  }
  const { afterMs, maxPerMinute, stopAbove } = failover
  const why = tooManyAway(failover, standings.absences)
  if (why !== undefined) return [say('False', 'TooManyAway', `${why}, more than ${stopAbove} %: nothing fails over`)]
  const message = `what is at a provider that is away for ${durationText(afterMs)} fails over, ${maxPerMinute} in a minute at most`
  return [say('True', 'Ready', message)]
}

/** Whether a provider that may come into question has what the policy requires: by what is known of each, without asking. */
function isSatisfiable({ clusters: { providers }, standings }: SchedulerContext, policy: Policy): boolean {
  if (policy.require === undefined) return true
  return providers.all.some((name) => !providers.isGone(name) && satisfies(standings.labels(name), policy))
}

/** Whether a PlacementPolicy can be satisfied: its condition Satisfiable. */
function whetherSatisfiable(context: SchedulerContext, object: KubeObject): NextCondition {
  const policy = context.policies.index.get(object.metadata.name)
  const say = verdictOf(object, conditionTypes.satisfiable)
  if (policy === undefined) return say('Unknown', 'Invalid', 'the policy cannot be read')
  const { require } = policy
  if (require === undefined) return say('True', 'NothingRequired', 'what the policy selects may go to every Provider')
  if (isSatisfiable(context, policy)) return say('True', 'ProviderMatches', 'a Provider has what spec.require asks for')
  const message = `what the policy selects goes nowhere new: no Provider has ${requirementText(require)}`
  return say('False', 'NoProviderMatches', message)
}

/** How a PlacementPolicy stands: its condition Ready. */
function verdictOn(object: KubeObject): NextCondition {
  const { policy, mistakes } = compilePolicy(object)
  const say = verdictOf(object)
  const told = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
  if (policy === undefined) return say('False', 'Invalid', `${told}; it counts for no object`)
  if (mistakes.length > 0)
    return say('False', 'Invalid', `${told}; objects that the rest of spec.selector selects go nowhere`)
  const { require = [], prefer, scores, failover } = policy
  if (require.length + prefer.length + scores.length === 0 && failover === undefined)
    return say('True', 'AsksForNothing', 'the objects that it selects go anywhere, whatever those below it say')
  return say('True', 'Valid', 'the objects that it selects go by it when they are placed and when they move')
}
