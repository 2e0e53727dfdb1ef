import { annotations, finalizer } from '@resource-broker/api'
import type { CopyMessage, KubeObject } from '@resource-broker/bus'
import { isMadeFor, type Known } from '../facts/known.ts'
import { type Action, idOf } from './action.ts'
import { lookUp } from './plan-live.ts'
import { isToBeTold } from './problem.ts'
import { allRelated } from './related.ts'

/**
 * A copy without an Assignment is an orphan, and an object that is being deleted is let go without one, only once the platform itself
 * says that there is none: it went by a teardown that did not come to its end, or by somebody's hand. Then the object may live still, and
 * what it has at a provider stays: whoever is given the object takes it over.
 */
export function planOrphans(known: Known): (() => Action[])[] {
  const { places, ref } = known
  const orphans = orphansOf(known)
  const askForSource = () => orphans.flatMap((orphan) => askFor(known, orphan)).slice(0, 1)
  if (known.assignment === undefined) {
    if (!isStrange(known) || isEarly(known)) return []
    return [askForSource, () => [{ do: 'read assignment' }]]
  }
  const isWaiting = orphans.length === 0 && awaitsRelease(known.source)
  const unheard = isWaiting ? mayHaveCopies(known) : []
  const mayLeave = isWaiting && unheard.length === 0
  return [
    askForSource,
    () =>
      orphans.filter((orphan) => isStaying(orphan) && isReachable(known, orphan) && isLeft(known, orphan)).map(remove),
    () => (ref === undefined ? [] : unheard.flatMap((provider) => lookUp({ places, ref }, provider))),
    () => (mayLeave ? allRelated(known) : []),
    () => (mayLeave && !isTroubled(known) ? [{ do: 'release source' }] : []),
    () => tellUnreleased(known, orphans, unheard),
    () => tellUnrecorded(known, orphans),
    () => (known.decision?.provider == null || isLiving(known.source) ? [] : [{ do: 'forget decision' }]),
  ]
}

/** Not heard of is not gone: whose object nobody told of yet asks for it. */
function askFor({ source, ref, notes }: Known, { object }: Present): Action[] {
  const uid = object.metadata.annotations?.[annotations.consumerUID]
  if (source !== undefined || ref === undefined || uid === undefined || notes.goneSource === uid) return []
  return [{ do: 'read source', uid }]
}

/** Whether the object that a copy was made for is gone, or about to be. */
function isLeft(known: Known, orphan: Present): boolean {
  if (askFor(known, orphan).length > 0) return false
  return !isMadeFor(orphan.object, known.source) || !isLiving(known.source)
}

const isLiving = (source: KubeObject | null | undefined): boolean =>
  source != null && source.metadata.deletionTimestamp === undefined

/** There is no Assignment any more whose word a condition could be: an Event says why something is there without one. */
function tellUnrecorded(known: Known, orphans: Present[]): Action[] {
  const kept = orphans.filter((orphan) => isStaying(orphan) && isMadeFor(orphan.object, known.source))
  if (kept.length === 0 || !isLiving(known.source)) return []
  const where = kept.map(({ provider }) => provider).join(', ')
  const message = `the Assignment of this object is gone, and its copy at ${where} is kept until the object is placed again`
  return [{ do: 'event', reason: 'CopyKept', message }]
}

/**
 * Where an object that is being deleted may have a copy, of which its API server has not said in this look that it is not there: the word
 * that one is gone may be of an earlier one. Where the streams were made anew nobody knows of a decision: then all are asked, and only the
 * one that the object carries is waited for. Who has just deleted the Assignment has asked all that it named.
 */
export function mayHaveCopies({ ref, source, decision, copies, notes, places }: Known): string[] {
  if (ref === undefined || source == null || notes.done.has(idOf({ do: 'delete assignment' }))) return []
  const { uid, annotations: carried } = source.metadata
  const isKnown = decision?.uid === uid
  const said = [isKnown ? decision.provider : null, carried?.[annotations.providerCluster]]
  const others = isKnown ? [] : places.providers.filter((provider) => places.ofCopy(ref, provider).is === 'there')
  return [...new Set([...said, ...others])].filter((provider): provider is string => {
    if (provider == null || copies.get(provider)?.object != null || notes.without.has(provider)) return false
    return !['lost', 'none'].includes(places.ofCopy(ref, provider).is)
  })
}

/** What failed may go well at the next look. */
const isTroubled = ({ notes }: Known): boolean => notes.problems.some(({ passing }) => passing !== undefined)

/** There is no Assignment any more whose word a condition could be: an Event says why the object is held. */
function tellUnreleased(known: Known, orphans: Present[], unheard: string[]): Action[] {
  const { source, notes, places } = known
  if (!awaitsRelease(source)) return []
  const refusals = notes.problems.filter((problem) => isToBeTold(problem, notes.before))
  const away = orphans.filter(({ provider, cluster }) => places.at(provider, cluster).is === 'away')
  const waits = [
    ...away.map(({ provider }) => `${provider}, which has a copy, is away`),
    ...unheard.map((provider) => `whether ${provider} has a copy is not known`),
  ]
  const message = [...refusals.map((problem) => problem.message), ...(refusals.length === 0 ? waits : [])].join('; ')
  return message === '' ? [] : [{ do: 'event', reason: 'NotReleased', message }]
}

/** Whether something is here that an Assignment should be behind. */
export function isStrange(known: Known): boolean {
  const orphans = orphansOf(known)
  return orphans.some(isStaying) || (orphans.length === 0 && awaitsRelease(known.source))
}

/** One message may be behind another: the platform is asked at the second look. */
export const isEarly = ({ notes }: Known): boolean => notes.before.attempt === 1

/** Whether the consumer's object is being deleted and waits for the broker to let it go. */
function awaitsRelease(source: KubeObject | null | undefined): boolean {
  const { deletionTimestamp, finalizers } = source?.metadata ?? {}
  return deletionTimestamp !== undefined && (finalizers?.includes(finalizer) ?? false)
}

type Present = CopyMessage & { object: KubeObject }

/** What is at a provider that is lost is given up, and what was in a place that is no more went with it. */
export function orphansOf({ copies, places }: Known): Present[] {
  const isThere = ({ provider, cluster }: CopyMessage) => !['lost', 'none'].includes(places.at(provider, cluster).is)
  return [...copies.values()].filter((copy): copy is Present => copy.object !== null && isThere(copy))
}

const isReachable = ({ places }: Known, { provider, cluster }: Present): boolean =>
  places.at(provider, cluster).is === 'there'

const isStaying = ({ object }: Present): boolean => object.metadata.deletionTimestamp === undefined

/** Whoever adopts a copy for another Assignment writes so into it: it has another version then, and stays. */
function remove(copy: Present): Action {
  return { do: 'delete copy', provider: copy.provider, copy, version: copy.object.metadata.resourceVersion }
}
