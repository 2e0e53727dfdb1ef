import { isDeepStrictEqual } from 'node:util'
import { annotations, readiness } from '@resource-broker/api'
import { type CopyMessage, type KubeObject, LEARNED_FOR_MS } from '@resource-broker/bus'
import {
  type Current,
  copyAt,
  currentDecision,
  doubtful,
  earlierAt,
  isMadeFor,
  isOnAccountOf,
  wantedCopies,
} from '../facts/known.ts'
import { type Action, idOf } from './action.ts'
import { reportTo } from './consumer-report.ts'
import { contentOf, type DesiredCopy, desiredCopy, isUpToDate } from './desired-copy.ts'
import type { Problem } from './problem.ts'
import { recordOf, unheardProviders } from './record.ts'
import { bring, RELATED, unnamed } from './related.ts'

/** What is to be done for an object that lives. */
export function planLive(known: Current, now: Date): (() => Action[])[] {
  const report = reportTo(known, now)
  const isServed =
    (report.isSaid || known.notes.isReported) && !known.notes.problems.some((problem) => isStillComing(problem, known))
  return [
    () => ((known.untoldMs ?? 0) >= LEARNED_FOR_MS ? [{ do: 'read source', uid: known.assignment.spec.uid }] : []),
    () => [...unheardProviders(known), ...doubtful(known)].flatMap((provider) => lookUp(known, provider)),
    () => [...applyCopy(known), ...bring(known), ...removeLeaving(known)],
    () => tellKept(known),
    () => report.actions,
    () => [...recordOf(known, isServed), ...unnamed(known)],
    () => (known.notes.late.length + known.notes.before.late.length > 0 ? reportTo(known, now, true).actions : []),
  ]
}

/** The consumer is not served from a copy whose related objects have yet to come. */
function isStillComing({ about, passing, awaited }: Problem, { notes }: Current): boolean {
  return about === RELATED && (passing !== undefined || (awaited === true && notes.before.attempt === 1))
}

/** Not heard of is not gone. */
export function lookUp({ places, ref }: Pick<Current, 'places' | 'ref'>, provider: string): Action[] {
  return places.ofCopy(ref, provider).is === 'there' ? [{ do: 'read copy', provider }] : []
}

/** The provider that the scheduler named for this very generation, if the Assignment asks for a copy there that takes changes. */
export function targetOf(known: Current): string | undefined {
  const decision = currentDecision(known)
  if (decision === undefined) return undefined
  const target = wantedCopies(known.assignment).find(
    ({ provider, role }) => provider === decision.provider && role !== 'Outgoing',
  )
  return target?.provider
}

/** All copies but that of the target keep what they have. */
function applyCopy(known: Current): Action[] {
  const { ref, source, assignment, brokerID, places } = known
  const provider = targetOf(known)
  if (provider === undefined || known.tooLarge !== undefined) return []
  const place = places.forCopy(ref, provider)
  if (place.is !== 'there') return []
  if (earlierAt(known, provider) !== undefined) return [] // it goes first
  const over = copyAt(known, provider)
  if (over !== undefined && isLeaving(known, provider, over)) return []
  const by = { brokerID, assignmentUID: assignment.metadata.uid ?? '' }
  const desired = desiredCopy({ ref, source, provider, name: place.name, by })
  const isLarge = known.copies.get(provider)?.tooLarge !== undefined // its spec is not known: its annotations tell the generation
  const isApplied = known.copies.get(provider)?.ours === true // one that was restored is by another hand
  const isThere = (copy: KubeObject) => {
    return (
      isUpToDate(copy, isLarge ? { metadata: desired.metadata } : desired) || isSettled(known, provider, desired, copy)
    )
  }
  if (over !== undefined && isApplied && isThere(over)) return []
  return [{ do: 'apply copy', provider, desired, over }]
}

/** Copies that do not say until when they are kept, or say it though they are not. Their spec stays as it is. */
function tellKept(known: Current): Action[] {
  return wantedCopies(known.assignment).flatMap(({ provider, keptUntil }): Action[] => {
    const [object, copy] = [copyAt(known, provider), known.copies.get(provider)]
    if (object === undefined || object.metadata.annotations?.[annotations.keptUntil] === keptUntil) return []
    if (isLeaving(known, provider, object)) return []
    const seen = { ...(copy as CopyMessage), object }
    return isReachable(known, seen) ? [{ do: 'tell kept', provider, copy: seen, until: keptUntil ?? null }] : []
  })
}

/** This was applied, and the copy is what came of it: as where its provider has added to a list, which is nobody's drift. */
function isSettled({ notes }: Current, provider: string, desired: DesiredCopy, copy: KubeObject): boolean {
  const settled = notes.before.settled.get(provider)
  return (
    settled !== undefined &&
    isDeepStrictEqual(settled.desired, desired) &&
    isDeepStrictEqual(settled.content, contentOf(copy))
  )
}

/** Somebody deletes the copy, or the Assignment has the record that it goes: it is never made to serve again. */
export function isLeaving(known: Current, provider: string, copy: KubeObject): boolean {
  return copy.metadata.deletionTimestamp !== undefined || isRecordedAsLeaving(known, provider, copy)
}

/** Nobody takes that record back. */
export function isRecordedAsLeaving({ assignment }: Current, provider: string, { metadata }: KubeObject): boolean {
  const said = assignment.status?.copies?.find(({ providerCluster }) => providerCluster === provider)
  return said?.uid === metadata.uid
}

/** Copies that the Assignment does not ask for, of which it has the record that they go, and those of another life. */
function removeLeaving(known: Current): Action[] {
  const earlier = wantedCopies(known.assignment).flatMap(({ provider }) => earlierAt(known, provider) ?? [])
  return [...earlier, ...unwantedCopies(known)].flatMap((copy): Action[] => {
    if (!isOnAccountOf(copy.object, known.assignment)) return removeStray(known, copy)
    const goes = isRecordedAsLeaving(known, copy.provider, copy.object)
    if (!goes || copy.object.metadata.deletionTimestamp !== undefined) return []
    if (!isReachable(known, copy) || !mayBeRemoved(known, copy)) return []
    // One that cannot be used goes only as it was seen: it may be ready by now, and the only one.
    const asSeen = isUsable(copy.object) ? {} : { version: copy.object.metadata.resourceVersion }
    return [{ do: 'delete copy', provider: copy.provider, copy, ...asSeen }]
  })
}

/**
 * A copy of another life goes as it was seen, once the platform has said that the Assignment is the one that is known. One of this very
 * object, whose Assignment went by somebody's hand, serves until another does.
 */
function removeStray(known: Current, copy: CopyMessage & { object: KubeObject }): Action[] {
  const { deletionTimestamp, resourceVersion: version } = copy.object.metadata
  if (deletionTimestamp !== undefined || !isReachable(known, copy)) return []
  if (isMadeFor(copy.object, known.source) && !mayBeRemoved(known, copy)) return []
  const read: Action = { do: 'read assignment' }
  return known.notes.done.has(idOf(read)) ? [{ do: 'delete copy', provider: copy.provider, copy, version }] : [read]
}

function isReachable({ places }: Current, { provider, cluster }: CopyMessage): boolean {
  return places.at(provider, cluster).is === 'there'
}

/** Copies that are there and that the Assignment does not ask for. */
export function unwantedCopies({ assignment, copies }: Current): (CopyMessage & { object: KubeObject })[] {
  const wanted = new Set(wantedCopies(assignment).map(({ provider }) => provider))
  return [...copies.values()].flatMap((copy) =>
    copy.object === null || wanted.has(copy.provider) ? [] : [{ ...copy, object: copy.object }],
  )
}

/** One that serves stays until the Active one is ready. */
export function mayGo(known: Current, copy: KubeObject): boolean {
  const active = copyAt(known, known.assignment.spec.providerCluster)
  return !isUsable(copy) || (active !== undefined && readiness(active).ready)
}

/** Whether a copy that leaves may be deleted, as soon as that is recorded. */
export function mayBeRemoved(known: Current, { provider, object }: { provider: string; object: KubeObject }): boolean {
  return mayGo(known, object) || (isRecordedAsLeaving(known, provider, object) && isForsaken(known, provider))
}

/**
 * Whether the Active copy is gone and the object is to be elsewhere: it is not made again then, and the move that brings another waits until
 * what leaves is gone. A copy that the consumer is served from stays all the same.
 */
function isForsaken(known: Current, provider: string): boolean {
  const { spec, status } = known.assignment
  const { providerCluster: active } = spec
  const { provider: decided = null } = currentDecision(known) ?? {}
  const isElsewhere = decided !== null && decided !== active
  return isElsewhere && known.copies.get(active)?.object === null && status?.servedFrom !== provider
}

/** By what its provider last said of it: one whose spec has just changed, so that this is of an earlier one, is not worse for that. */
export const isUsable = ({ status }: KubeObject): boolean => readiness({ status }).ready
