import { AcceptAPI, compileAcceptAPI, type NextCondition } from '@resource-broker/api'
import {
  type AcceptAPIMessage,
  DONE,
  type KubeObject,
  type OfferEntry,
  type Outcome,
  offerKey,
  type Run,
} from '@resource-broker/bus'
import { reportOnOffer } from '@resource-broker/service'
import type { RegistryContext } from '../context.ts'
import { confirmOffer, readOffer } from './confirm-offer.ts'

/** Takes one AcceptAPI: into the bucket of offers if it is valid, and what is wrong with it into its conditions. */
export async function register(context: RegistryContext, run: Pick<Run, 'key' | 'view' | 'attempt'>): Promise<Outcome> {
  const message = run.view.get('acceptapi')
  if (message === undefined) return await confirmOffer(context, run.key, run.attempt)
  const { provider, name } = message
  const isGone = context.clusters.providers.isGone(provider)
  const object = isGone ? null : await currently(context, run, message)
  const key = offerKey(provider, name)
  if (object === null || object.metadata.deletionTimestamp !== undefined) {
    context.put.delete(key)
    if (!context.kept.delete(key)) return DONE
    await context.bucket.delete(key)
    context.logger.info({ provider, acceptAPI: name }, 'offer withdrawn')
    return DONE
  }
  const kept = context.kept.get(key)
  const lastValid = kept?.object?.metadata.uid === object.metadata.uid ? (kept?.object ?? null) : null
  const verdict = await judge(context, message, object, lastValid !== null)
  const inForce = verdict.withdraws ? null : lastValid
  const { status } = verdict.condition
  // An entry without an offer says that its provider accepts nothing: what is placed there would move.
  const isUndecided = status === 'Unknown' && kept === undefined
  if (!isUndecided) await put(context, key, { provider, name, object: status === 'True' ? object : inForce })
  const around = { client: context.clusters.providers.client(provider), logger: context.logger }
  await reportOnOffer(around, object, verdict.condition, context.now())
  return verdict.again ? { requeueAfterMs: 15_000, reason: verdict.condition.reason } : DONE
}

/**
 * The AcceptAPI as its watch told, or as its provider has it. One that was withdrawn because its provider left, and not because it went,
 * is there again with its provider: whoever withdrew it may have noticed late, and whoever watches it has nothing to tell. What is known
 * by such an answer alone is asked anew each time: nothing will tell that it went since.
 */
async function currently(
  { clusters, now }: RegistryContext,
  { view }: Pick<Run, 'view'>,
  { provider, name, object: told, goneUID }: AcceptAPIMessage,
): Promise<KubeObject | null> {
  const at = now().getTime()
  const isAnswer = view.learnedFor('acceptapi', undefined, at) !== undefined
  if (goneUID !== undefined || (told !== null && !isAnswer)) return told
  const object = (await readOffer(clusters, provider, name)) ?? null
  if (object !== null || isAnswer) view.learn('acceptapi', undefined, { provider, name, object }, at)
  return object
}

async function put(context: RegistryContext, key: string, entry: OfferEntry): Promise<void> {
  const mark = `${context.losses()}/${lifeOf(entry)}`
  const kept = context.kept.get(key)
  if (context.put.get(key) === mark && kept !== undefined && lifeOf(kept) === lifeOf(entry)) return
  await context.bucket.put(key, entry)
  context.put.set(key, mark)
  context.kept.set(key, entry)
  context.logger.info(
    { provider: entry.provider, acceptAPI: entry.name, valid: entry.object !== null },
    'offer indexed',
  )
}

const lifeOf = ({ object }: OfferEntry): string => `${object?.metadata.uid}/${object?.metadata.generation}`

/** `withdraws`: not even what was valid before holds on. */
type Verdict = { condition: NextCondition; again?: boolean; withdraws?: boolean }

async function judge(
  context: RegistryContext,
  { provider }: AcceptAPIMessage,
  object: KubeObject,
  hasValid: boolean,
): Promise<Verdict> {
  const type = context.conditionType
  const observedGeneration = object.metadata.generation ?? 0
  const inForce = hasValid ? '; the last valid version stays in force' : ''
  const no = (reason: string, message: string, besides = inForce): NextCondition => ({
    type,
    status: 'False',
    reason,
    message: `${message.slice(0, 4096)}${besides}`,
    observedGeneration,
  })
  const compiled = compileAcceptAPI(object, provider)
  if ('mistakes' in compiled) {
    const told = compiled.mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return { condition: no('Invalid', told) }
  }
  const { gvr } = AcceptAPI.schema.parse(object).spec
  const name = [gvr.resource, gvr.version, gvr.group].filter((part) => part !== '').join('.')
  const { kinds, providers } = context.clusters
  const ofGroup = kinds.all.filter(({ group, version }) => group === gvr.group && version === gvr.version)
  const watched = `the broker watches ${kinds.all.map(({ kind, version, group }) => `${kind}.${version}.${group}`).join(', ') || 'nothing'}`
  if (ofGroup.length === 0) return { condition: no('KindNotWatched', `no one watches ${name}: ${watched}`) }
  if (!ofGroup.some(({ resource }) => resource === undefined || resource === gvr.resource))
    return { condition: no('KindNotWatched', `no one watches ${name}: ${watched}`) }
  const obstacle = await providers.obstacle(provider, object)
  if (obstacle !== undefined) {
    const { reason, message, pending = false, again = false, withdraws = false } = obstacle
    const condition = no(reason, message, withdraws ? '' : inForce)
    return { condition: pending ? { ...condition, status: 'Unknown' } : condition, again, withdraws }
  }
  return {
    condition: {
      type,
      status: 'True',
      reason: 'Indexed',
      message: `objects of ${name} can be routed here`,
      observedGeneration,
    },
  }
}
