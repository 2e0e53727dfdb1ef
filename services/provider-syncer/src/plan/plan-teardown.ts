import { providersOf } from '@resource-broker/api'
import type { CopyMessage, KubeObject } from '@resource-broker/bus'
import { type Assigned, concerned, doubtful, isOnAccountOf, isReplaced, wantedCopies } from '../facts/known.ts'
import { type Action, idOf } from './action.ts'
import { isEarly } from './plan-orphans.ts'
import { lostEvent } from './record.ts'
import { allRelated } from './related.ts'
import { reportLeaving } from './report-leaving.ts'
import { replacedWait, reportReplaced } from './report-replaced.ts'

/**
 * Takes everything back that was made for an object which is being deleted, is gone, or was replaced by another of its name. First the
 * record that the Assignment ends, which nobody takes back; then the copies; when each provider says that its is gone, related
 * objects and the Assignment. Without an Assignment the finalizer goes (`planOrphans`). What an earlier object of the name had stays for a
 * while: whoever restored the object may want to keep it.
 */
export function planTeardown(known: Assigned, now: Date): (() => Action[])[] {
  const isEnding = known.assignment.status?.phase === 'Terminating'
  if (isReplaced(known) && replacedWait(known) > 0) return [() => reportReplaced(known, now)]
  if (!isEnding && !isCertain(known))
    return [() => (known.source === undefined && isEarly(known) ? [] : [readSource(known)])]
  if (!isEnding) return [() => [{ do: 'record', edit: { phase: 'Terminating' } }], () => reportLeaving(known, [], now)]
  const left = copiesLeft(known)
  if (left.length > 0) return [() => left.flatMap(({ actions }) => actions), () => reportLeaving(known, left, now)]
  return [
    () => (known.source === undefined ? [readSource(known)] : []), // it names what is related
    () => [...allRelated(known), ...lostEvents(known)],
    () => (isThrough(known, now) ? [{ do: 'delete assignment' }] : []),
    () => reportLeaving(known, [], now),
  ]
}

const readSource = ({ assignment }: Assigned): Action => ({ do: 'read source', uid: assignment.spec.uid })

/**
 * Whether all is taken back that can be: what is left behind when the Assignment is gone nobody looks for any more. A refusal is the
 * last word where the same was refused at the look before, and the consumer was told so then: a server that starts refuses everything.
 */
function isThrough(known: Assigned, now: Date): boolean {
  const { problems, before, isReported } = known.notes
  if (problems.length === 0) return true
  if (problems.some(({ passing }) => passing !== undefined) || before.late.length === 0) return false
  return !isReported && reportLeaving(known, [], now).length === 0
}

/** The object is being deleted, or its own API server says that it is gone or another one. Not heard of is not gone. */
function isCertain({ source, assignment, notes }: Assigned): boolean {
  if (notes.goneSource === assignment.spec.uid) return true
  const { uid, deletionTimestamp } = source?.metadata ?? {}
  return uid === assignment.spec.uid && deletionTimestamp !== undefined
}

/** A provider that may have a copy still: what is to be done there now, and what the consumer waits for. */
export type CopyLeft = { provider: string; actions: Action[]; waitsFor: string; copy?: KubeObject }

function copiesLeft(known: Assigned): CopyLeft[] {
  return [...concerned(known)].flatMap((provider) => copyLeft(known, provider) ?? [])
}

/** undefined: there is none, by its provider's own word, or the provider is given up. */
function copyLeft(known: Assigned, provider: string): CopyLeft | undefined {
  const { places, ref, copies, notes } = known
  const copy = copies.get(provider)
  const place = copy?.object ? places.at(provider, copy.cluster) : places.ofCopy(ref, provider)
  if (place.is === 'lost' || place.is === 'none') return undefined
  if (place.is === 'away' && copy?.object === null && !providersOf(known.assignment).has(provider)) return undefined // it went before that
  if (place.is === 'away' || place.is === 'awaited') return { provider, actions: [], waitsFor: place.why }
  if (copy?.object && doubtful(known).includes(provider))
    return {
      provider,
      actions: [{ do: 'read copy', provider }],
      waitsFor: `whether ${provider} has the copy still is not known`,
    }
  if (copy?.object && !isOnAccountOf(copy.object, known.assignment)) return ofAnotherLife(known, provider)
  if (copy?.object) return leaving(provider, { ...copy, object: copy.object })
  if (notes.without.has(provider)) return undefined
  return { provider, actions: [{ do: 'read copy', provider }], waitsFor: `whether ${provider} has a copy is not known` }
}

/**
 * Who has a copy that another Assignment made has to ask whether the one that is known still is; if so, the copy goes as it was seen, and
 * is not waited for.
 */
function ofAnotherLife({ notes, copies }: Assigned, provider: string): CopyLeft | undefined {
  const waitsFor = `the copy at ${provider} is of another Assignment`
  const read: Action = { do: 'read assignment' }
  if (!notes.done.has(idOf(read))) return { provider, actions: [read], waitsFor }
  const copy = copies.get(provider) as CopyMessage & { object: KubeObject }
  const { deletionTimestamp, resourceVersion: version } = copy.object.metadata
  const remove: Action = { do: 'delete copy', provider, copy, version }
  return deletionTimestamp !== undefined || notes.done.has(idOf(remove))
    ? undefined
    : { provider, actions: [remove], waitsFor }
}

function leaving(provider: string, copy: CopyMessage & { object: KubeObject }): CopyLeft {
  const since = copy.object.metadata.deletionTimestamp
  const waitsFor = `${provider} has the copy still${since === undefined ? '' : `, which is being deleted since ${since}`}`
  const actions: Action[] = since === undefined ? [{ do: 'delete copy', provider, copy }] : []
  return { provider, actions, waitsFor, copy: copy.object }
}

function lostEvents({ places, ref, assignment, source }: Assigned): Action[] {
  if (!source) return []
  const providers = wantedCopies(assignment).map(({ provider }) => provider)
  const lost = providers.filter((provider) => places.ofCopy(ref, provider).is === 'lost')
  return lost.map((provider) => ({ do: 'event', ...lostEvent(provider) }))
}
