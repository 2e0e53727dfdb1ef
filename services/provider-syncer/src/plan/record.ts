import { isDeepStrictEqual } from 'node:util'
import { type CopyStatus, exportAt, offerAt, readiness } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type Current, copyAt, isOnAccountOf, wantedCopies } from '../facts/known.ts'
import { type Action, idOf, type RecordEdit } from './action.ts'
import { consumerGenerationOf } from './desired-copy.ts'
import { isRecordedAsLeaving, isUsable, mayGo, targetOf, unwantedCopies } from './plan-live.ts'
import { problemsToTell } from './problems.ts'

/**
 * Keeps the Assignment's status.copies and status.servedFrom while there is more than the one copy, so that whoever moves the object
 * reads there how far each copy is. A copy that nobody asks for is recorded as leaving before it is deleted: who asks for a copy there
 * again waits until it is gone. In quiet times nothing is written. `isServed`: the consumer has what the active copy says.
 */
export function recordOf(known: Current, isServed: boolean): Action[] {
  const actions = recordWhere(known, isServed, true)
  const isInVain = (action: Action) =>
    action.do === 'record' && action.rests !== undefined && known.notes.done.has(idOf(action))
  return actions.some(isInVain) ? recordWhere(known, isServed, false) : actions
}

/** `mayRest`: what goes on the word of the active copy is among it, as that copy was not asked in vain. */
function recordWhere(known: Current, isServed: boolean, mayRest: boolean): Action[] {
  const { assignment } = known
  const before = assignment.status ?? { phase: 'Bound' as const }
  const problems = new Map(problemsToTell(known).map(({ about, message }) => [about, message]))
  const copies = copyStatuses(known, problems, mayRest)
  const isQuiet = copies.length <= 1 && !copies.some(({ providerCluster }) => problems.has(providerCluster))
  if (isQuiet && before.copies === undefined && before.servedFrom === undefined) return []
  const servedFrom = isServed ? assignment.spec.providerCluster : before.servedFrom
  const after: RecordEdit = isQuiet
    ? { copies: null, servedFrom: null }
    : { copies, ...(servedFrom === undefined ? {} : { servedFrom }) }
  const is = { copies: before.copies ?? null, servedFrom: before.servedFrom ?? null }
  if (isDeepStrictEqual(is, { copies: after.copies ?? null, servedFrom: after.servedFrom ?? null })) return []
  const rests = newlyLeaving(known, copies).some(isUsable)
  return [
    { do: 'record', edit: after, ...(rests ? { rests: assignment.spec.providerCluster } : {}) },
    ...lostWith(known).map((provider): Action => ({ do: 'event', ...lostEvent(provider) })),
  ]
}

/** Providers of which copies were recorded, and of which the platform says that they do not come back. */
function lostWith({ assignment, ref, places }: Current): string[] {
  const recorded = (assignment.status?.copies ?? []).map(({ providerCluster }) => providerCluster)
  return recorded.filter((provider) => places.ofCopy(ref, provider).is === 'lost')
}

/** Tells people that a copy was given up. */
export function lostEvent(provider: string): { reason: string; message: string } {
  return { reason: 'ProviderLost', message: `${provider} is declared lost: its copy is given up` }
}

function newlyLeaving(known: Current, copies: CopyStatus[]): KubeObject[] {
  const recorded = new Set(known.assignment.status?.copies?.flatMap(({ uid }) => uid ?? []))
  return unwantedCopies(known)
    .map(({ object }) => object)
    .filter(({ metadata }) => !recorded.has(metadata.uid) && copies.some(({ uid }) => uid === metadata.uid))
}

function copyStatuses(known: Current, problems: Map<string, string>, mayRest: boolean): CopyStatus[] {
  const wanted = wantedCopies(known.assignment).map(({ provider }) => provider)
  const entries = [
    ...wanted.map(
      (provider) =>
        awayUnheardOf(known, provider) ?? copyStatus(provider, copyAt(known, provider), problems.get(provider)),
    ),
    ...unwantedCopies(known)
      .filter(({ provider, object }) => {
        const isLost = known.places.ofCopy(known.ref, provider).is === 'lost'
        return !isLost && isOnAccountOf(object, known.assignment)
      })
      .map(({ provider, object }) => leavingStatus(known, provider, object, mayRest)),
    ...unseen(known, wanted),
  ]
  return entries
    .map((entry) => ({ ...entry, ...madeThrough(known, entry) }))
    .sort((a, b) => (a.providerCluster < b.providerCluster ? -1 : 1))
}

/** What a copy was made through, which its record keeps when nobody asks for it any more. */
function madeThrough({ assignment }: Current, { providerCluster }: CopyStatus): Partial<CopyStatus> {
  const acceptAPIName = offerAt(assignment, providerCluster)
  const apiExportName = exportAt(assignment, providerCluster)
  return { ...(acceptAPIName && { acceptAPIName }), ...(apiExportName && { apiExportName }) }
}

/** What was recorded of copies that nobody has heard of since stays until they are known to be gone. */
function unseen(known: Current, wanted: string[]): CopyStatus[] {
  return unheardOf(known).flatMap((said) => {
    const place = known.places.ofCopy(known.ref, said.providerCluster)
    if (wanted.includes(said.providerCluster) || place.is === 'lost' || place.is === 'none') return []
    return [place.is === 'away' ? awayStatus(said, place.why) : said]
  })
}

/** Copies that the Assignment has a record of, and nobody else a word. */
function unheardOf({ assignment, copies }: Current): CopyStatus[] {
  const recorded = assignment.status?.copies ?? []
  return recorded.filter(({ providerCluster, applied }) => applied && !copies.has(providerCluster))
}

/** Providers that are recorded to have a copy, or that may have one while an object moves, and that nobody has a word of. */
export function unheardProviders(known: Current): Set<string> {
  const wanted = wantedCopies(known.assignment)
  const isToCome = (provider: string) => provider === targetOf(known) // it is made, or taken over
  const moving = wanted.length > 1 ? wanted.map(({ provider }) => provider).filter((each) => !isToCome(each)) : []
  const recorded = unheardOf(known).map(({ providerCluster }) => providerCluster)
  return new Set([...moving, ...recorded].filter((provider) => !known.copies.has(provider)))
}

/** Of a copy that may be at a provider which is away more is not known than what was recorded of it. */
function awayUnheardOf(known: Current, provider: string): CopyStatus | undefined {
  if (!unheardProviders(known).has(provider)) return undefined
  const place = known.places.ofCopy(known.ref, provider)
  if (place.is !== 'away') return undefined
  const said = known.assignment.status?.copies?.find(({ providerCluster }) => providerCluster === provider)
  return awayStatus(said ?? { providerCluster: provider, applied: true, ready: false }, place.why)
}

/** What a copy that goes says of itself must not be taken for the word of one that comes. */
function leavingStatus(known: Current, providerCluster: string, copy: KubeObject, mayRest: boolean): CopyStatus {
  const { uid } = copy.metadata
  const status: CopyStatus = { providerCluster, applied: true, ready: false, message: 'the copy is being removed' }
  const place = known.places.ofCopy(known.ref, providerCluster)
  const begins = mayGo(known, copy) && (!isUsable(copy) || (mayRest && isActiveThere(known)))
  const isDoomed = begins || isRecordedAsLeaving(known, providerCluster, copy)
  const state = isDoomed ? { state: 'Deleting', uid } : { state: 'Leaving' }
  const leaving = { ...status, ...state }
  return place.is === 'away' ? awayStatus(leaving, place.why) : leaving
}

/** What serves goes on the word of the active copy, which is asked for it: one that is out of reach gives none, and holds up the record of all others. */
function isActiveThere({ assignment, copies, places }: Current): boolean {
  const active = copies.get(assignment.spec.providerCluster)
  return active !== undefined && places.at(active.provider, active.cluster).is === 'there'
}

function awayStatus(status: CopyStatus, why: string): CopyStatus {
  return {
    ...status,
    applied: true,
    ready: false,
    state: 'Away',
    message: `${why}; what it has is not known until it is back`,
  }
}

function copyStatus(providerCluster: string, copy: KubeObject | undefined, problem: string | undefined): CopyStatus {
  if (copy === undefined)
    return { providerCluster, applied: false, ready: false, ...(problem === undefined ? {} : { message: problem }) }
  const { ready, state, message } = readiness(copy)
  const text = problem ?? message
  const isLeaving = copy.metadata.deletionTimestamp !== undefined
  return {
    providerCluster,
    applied: true,
    observedGeneration: consumerGenerationOf(copy),
    ready: ready && !isLeaving,
    state,
    ...(text === '' ? {} : { message: text }),
  }
}
