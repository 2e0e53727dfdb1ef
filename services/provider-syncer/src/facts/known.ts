import {
  Assignment,
  annotations,
  conditionTypes,
  getCondition,
  isPending,
  keyOf,
  Migration,
  originOf,
  providersOf,
  runningMove,
} from '@resource-broker/api'
import {
  type CopyMessage,
  type DecisionMessage,
  type KeyView,
  type KubeObject,
  LEARNED_FOR_MS,
  type RelatedMeta,
  type SourceMessage,
  type SourceRef,
} from '@resource-broker/bus'
import type { Notes } from './notes.ts'
import type { Places } from './places.ts'

/** Everything that is known of one consumer object when its copies are looked at: what was told, and what this look found out. */
export type Known = {
  key: string
  brokerID: string
  /** undefined: no word of it yet; null: the platform says that there is none. */
  assignment: Assignment | undefined | null
  ref: SourceRef | undefined
  /** undefined: no word of it yet; null: seen gone. */
  source: KubeObject | null | undefined
  /** The object is more than a message can carry: its spec is not known here. */
  tooLarge: SourceMessage['tooLarge']
  sourceRelated: RelatedMeta[]
  decision: DecisionMessage | undefined
  /** The broker's own, by provider; a message whose object is null says that the copy was seen gone. */
  copies: Map<string, CopyMessage>
  copyRelated: Map<string, RelatedMeta[]>
  /** What the move of the object that runs, or is about to, waits for, where that is a stage or a person. */
  move: MoveWords | undefined
  /** Providers of whose copies only an answer told, and for how many milliseconds: a watch that began again since may never have known them. */
  unconfirmed: Map<string, number>
  /** For how many milliseconds only an answer has told of the object, and no message ever: it may have gone before its watch knew of it. */
  untoldMs: number | undefined
  places: Places
  notes: Notes
}

/** In words for the consumer; `isPending`: it has not begun; undefined: it waits for nothing, but goes on at once. */
type MoveWords = { isPending: boolean; waits: string | undefined }

/** An object that has an Assignment. */
export type Assigned = Known & { assignment: Assignment; ref: SourceRef }
/** One that lives, and is the one that the Assignment was made for. */
export type Current = Assigned & { source: KubeObject }

export type WantedCopy = {
  provider: string
  acceptAPIName: string
  role: 'Active' | 'Incoming' | 'Outgoing' | 'Replica'
  keptUntil: string | undefined
}

type Told = { key: string; view: KeyView; brokerID: string; places: Places; notes: Notes; now: number }

/** @throws {TerminalError} if a part of the key is not valid. */
export function readKnown({ key, view, brokerID, places, notes, now }: Told): Known {
  const record = view.get('assignment')?.object
  const assignment = record === undefined || record === null ? undefined : Assignment.of(record)
  const source = view.get('source')
  const copies = [...view.all('copy')]
  const told = source?.ref ?? refIn(copies, key)
  const ref = assignment === undefined ? told : refOf(assignment, source?.ref)
  const related = [...view.all('copy-related')]
  const isAsked = notes.hasNoAssignment && notes.askedFor === source?.object?.metadata.uid
  return {
    key,
    brokerID,
    assignment: assignment ?? (isAsked ? null : undefined),
    ref,
    source: notes.goneSource !== undefined && notes.goneSource === assignment?.spec.uid ? null : source?.object,
    tooLarge: source?.tooLarge,
    sourceRelated: (ref && view.get('source-related', ref.cluster)?.related) ?? [],
    decision: view.get('decision'),
    copies: new Map(copies.filter(([, copy]) => copy.object === null || isOwn(copy, brokerID, assignment))),
    unconfirmed: new Map(
      copies.flatMap(([provider, { object }]) => {
        const ms = object === null ? undefined : view.learnedFor('copy', provider, now)
        return ms === undefined ? [] : [[provider, ms]]
      }),
    ),
    untoldMs: view.untoldFor('source', undefined, now),
    copyRelated: new Map(related.map(([provider, message]) => [provider, message.related])),
    move: assignment && wordsOfMove(assignment, view),
    places,
    notes,
  }
}

function wordsOfMove(assignment: Assignment, view: KeyView): MoveWords | undefined {
  const moves = [...view.all('migration').values()].flatMap(({ object }) =>
    object === null ? [] : [Migration.of(object)],
  )
  const move = runningMove(moves, assignment)
  const { reason, message = '' } = getCondition(move?.status?.conditions, conditionTypes.ready) ?? {}
  if (move === undefined) return undefined
  const words = (waits: string | undefined) => ({ isPending: isPending(move), waits })
  // The command that its message has is for whoever may approve.
  if (reason === 'AwaitingApproval') return words('waits for an approval')
  if (goesOn(move, reason)) return words(undefined)
  return move.status?.stage !== undefined || reason === 'Paused' ? words(message) : undefined
}

/** Whether a move has come to a point that it leaves as fast as its coordinator can: a stage that begins or is over, or the switch. */
function goesOn({ status }: Migration, reason: string | undefined): boolean {
  if (reason === 'IncomingReady' || reason === 'StageSucceeded' || reason === 'StageSkipped') return true
  const stage = status?.stages?.find(({ name }) => name === status.stage)
  return reason === 'StageRuns' && stage?.message === undefined
}

/** The object whose copies these are, by what they say: nobody else has a word of it. */
function refIn(copies: [string, CopyMessage][], key: string): SourceRef | undefined {
  const said = copies.flatMap(([, { gvr, object }]): SourceRef[] => {
    const origin = originOf(object?.metadata)
    return origin === undefined ? [] : [{ ...origin, gvr }]
  })
  return said.find((ref) => keyOf(ref) === key)
}

/** The object of an Assignment, in the version of its API in which it was seen last: the Assignment may be behind. */
function refOf({ spec: { consumerCluster: cluster, gvr, namespace, name } }: Assignment, seen: SourceRef | undefined) {
  return { cluster, gvr: seen?.gvr ?? gvr, ...(namespace === undefined ? {} : { namespace }), name }
}

/**
 * The broker's field manager applied it, and it carries this broker's id. One without an id is of a version that gave none: it counts
 * if it was made for the object of the Assignment. One that another hand put back counts if it names the Assignment.
 */
export function isOwn(
  { ours, object }: Pick<CopyMessage, 'ours' | 'object'>,
  brokerID: string,
  assignment: Assignment | undefined,
): boolean {
  return object !== null && ((ours && isClaimed(object, brokerID, assignment)) || isNamed(object, brokerID, assignment))
}

/** It names this very Assignment, as only a copy does that the broker made: its provider restored it, by another hand. */
function isNamed({ metadata }: KubeObject, brokerID: string, assignment: Assignment | undefined): boolean {
  const { [annotations.brokerID]: its, [annotations.assignmentUID]: account } = metadata.annotations ?? {}
  return its === brokerID && account !== undefined && account === assignment?.metadata.uid
}

/** Whether what an object says of itself makes it this broker's. */
function isClaimed({ metadata }: KubeObject, brokerID: string, assignment: Assignment | undefined): boolean {
  const { [annotations.brokerID]: its, [annotations.consumerUID]: consumer } = metadata.annotations ?? {}
  return its === undefined ? consumer !== undefined && consumer === assignment?.spec.uid : its === brokerID
}

/** Whether a copy was made on account of this very Assignment, not of one of an earlier life. */
export function isOnAccountOf({ metadata }: KubeObject, assignment: Assignment): boolean {
  const { [annotations.assignmentUID]: account, [annotations.consumerUID]: consumer } = metadata.annotations ?? {}
  return account === undefined ? consumer === assignment.spec.uid : account === assignment.metadata.uid
}

/** Whose object related ones are the broker's to make and take away: the Assignment's, or where that is gone the one that is there. */
export function ownerOf({ assignment, source }: Pick<Known, 'assignment' | 'source'>): { uid: string; name: string } {
  return assignment?.spec ?? (source as KubeObject).metadata
}

/** Whether a copy was made for this object of the consumer's, on account of whichever Assignment. */
export function isMadeFor({ metadata }: KubeObject, source: KubeObject | null | undefined): boolean {
  return source != null && metadata.annotations?.[annotations.consumerUID] === source.metadata.uid
}

/**
 * Whether a copy was made for an earlier object of the name, by what it says: for another object, on account of another Assignment. Whoever
 * restored the object may say that it adopts what is there.
 */
export function isOfEarlier(
  { metadata }: KubeObject,
  { assignment, source }: Pick<Known, 'assignment' | 'source'>,
): boolean {
  const { [annotations.assignmentUID]: account, [annotations.consumerUID]: consumer } = metadata.annotations ?? {}
  if (assignment === undefined || assignment === null || account === undefined || consumer === undefined) return false
  const isAdopted = source?.metadata.annotations?.[annotations.adopt] === 'true'
  return !isAdopted && account !== assignment.metadata.uid && consumer !== assignment.spec.uid
}

/** Another object of the name lives where the one was that the Assignment was made for. */
export function isReplaced({ source, assignment }: Assigned): boolean {
  return (
    assignment.status?.phase !== 'Terminating' &&
    source != null &&
    source.metadata.uid !== assignment.spec.uid &&
    source.metadata.deletionTimestamp === undefined
  )
}

/** The copies that the Assignment asks for, the Active one first. */
export function wantedCopies({ spec }: Assignment): WantedCopy[] {
  const { providerCluster: provider, acceptAPIName } = spec
  const active: WantedCopy = { provider, acceptAPIName, role: 'Active', keptUntil: undefined }
  const others = (spec.copies ?? []).map((copy) => ({
    provider: copy.providerCluster,
    acceptAPIName: copy.acceptAPIName,
    role: copy.role,
    keptUntil: copy.keptUntil,
  }))
  return [active, ...others]
}

export function isAssigned(known: Known): known is Assigned {
  return known.assignment !== undefined && known.assignment !== null && known.ref !== undefined
}

export function isCurrent(known: Assigned): known is Current {
  const { source, assignment } = known
  return (
    assignment.status?.phase !== 'Terminating' &&
    source !== undefined &&
    source !== null &&
    source.metadata.deletionTimestamp === undefined &&
    source.metadata.uid === assignment.spec.uid
  )
}

/** Providers that have a copy of the object, or should have one. */
export function concerned({ assignment, copies }: Assigned): Set<string> {
  return new Set([...providersOf(assignment), ...copies.keys()])
}

/** Providers whose copies nobody but an answer told of, long ago: they may have gone since without a word. */
export function doubtful({ unconfirmed }: Assigned): string[] {
  return [...unconfirmed].flatMap(([provider, ms]) => (ms >= LEARNED_FOR_MS ? [provider] : []))
}

/** What the scheduler decided for this very generation of the object; undefined: nothing yet. */
export function currentDecision({ decision, source }: Pick<Known, 'decision' | 'source'>): DecisionMessage | undefined {
  const { uid, generation } = source?.metadata ?? {}
  return decision !== undefined && decision.uid === uid && decision.generation === generation ? decision : undefined
}

/** The copy of the object that a provider has, as far as is known. One of an earlier object of the name is none. */
export function copyAt(known: Known, provider: string): KubeObject | undefined {
  const object = known.copies.get(provider)?.object ?? undefined
  return object === undefined || isOfEarlier(object, known) ? undefined : object
}

/** The copy that a provider has of an earlier object of the name: a request that was late made it, or nobody was there to take it away. */
export function earlierAt(known: Known, provider: string): (CopyMessage & { object: KubeObject }) | undefined {
  const { object = null, ...copy } = known.copies.get(provider) ?? {}
  return object !== null && isOfEarlier(object, known) ? { ...(copy as CopyMessage), object } : undefined
}
