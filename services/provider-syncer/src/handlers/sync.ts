import { Assignment, exportAt } from '@resource-broker/api'
import { DONE, type KeyView, type Outcome, type Run } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { SyncerContext, SyncerMemory } from '../context.ts'
import { concerned, isAssigned, isCurrent, type Known, readKnown } from '../facts/known.ts'
import { type Before, Notes } from '../facts/notes.ts'
import { placesOf } from '../facts/places.ts'
import { perform } from '../perform/perform.ts'
import { outcomeOf } from '../plan/outcome.ts'
import { targetOf } from '../plan/plan-live.ts'
import { planSync } from '../plan/plan-sync.ts'
import { tellMoves } from './tell-moves.ts'

/** More than the steps of any look: each step is done once. */
const MOST_STEPS = 64

/** Makes one object's copies, and what comes back from them, be what its Assignment says. */
export async function sync(context: SyncerContext, { key, view, attempt }: Run<SyncerMemory>): Promise<Outcome> {
  const { clusters } = context
  const begun = context.now().getTime()
  const notes = new Notes(before(context, key, attempt, view))
  const exportOf = (provider: string) => {
    const assignment = view.get('assignment')?.object
    return assignment == null ? undefined : exportAt(Assignment.of(assignment), provider)
  }
  const know = () => {
    const places = placesOf(clusters.destinations, clusters.providers, exportOf)
    return readKnown({ key, view, brokerID: clusters.brokerID, places, notes, now: context.now().getTime() })
  }
  let known = know()
  for (let step = 0; step < MOST_STEPS; step++) {
    const actions = planSync(known, context.now())
    if (actions.length === 0) break
    context.check()
    await together(actions.map((action) => perform({ context, known, view }, action)))
    // A look that waited long for a server has lasted as the trouble has.
    notes.before.troubledMs = context.now().getTime() - (context.troubled.get(key) ?? begun)
    const next = know()
    if (isOtherLife(known, next)) return DONE // what was found out is about the life before; its message has called again
    known = next
  }
  remember(context, known, begun)
  say(context, known)
  tellMoves(context, known, view)
  return outcomeOf(known)
}

/** Whether the Assignment of another life of the object has come meanwhile. */
function isOtherLife(known: Known, next: Known): boolean {
  const [before, now] = [known.assignment?.metadata.uid, next.assignment?.metadata.uid]
  return before !== undefined && now !== undefined && before !== now
}

function before(
  { told, compared, settled, silent, replaced, late, troubled, now }: SyncerContext,
  key: string,
  attempt: number,
  view: KeyView,
): Before {
  const at = now().getTime()
  const assignment = view.get('assignment')?.object
  const active = (assignment?.spec as { providerCluster: string } | undefined)?.providerCluster
  const serving = active === undefined ? undefined : view.get('copy', active)?.object
  follow(silent, key, serving?.status === undefined ? serving?.metadata.uid : undefined, at)
  const meant = (assignment?.spec as { uid: string } | undefined)?.uid
  const present = view.get('source')?.object?.metadata.uid
  follow(replaced, key, meant !== undefined && present !== meant ? present : undefined, at)
  return {
    attempt,
    silentMs: at - (silent.get(key)?.since ?? at),
    replacedMs: at - (replaced.get(key)?.since ?? at),
    troubledMs: at - (troubled.get(key) ?? at),
    told: told.get(key),
    late: late.get(key) ?? [],
    settled: settled.get(key) ?? new Map(),
    compared: compared.get(key) ?? new Map(),
  }
}

/** Remembers since when it is so of the object of this uid; undefined: it is not so of any. */
function follow(memory: SyncerMemory['silent'], key: string, uid: string | undefined, at: number): void {
  if (uid === undefined) memory.delete(key)
  else if (memory.get(key)?.uid !== uid) memory.set(key, { uid, since: at })
}

/** What stands in the way is said in the log, once as long as it is the same. What may pass is said by whoever tries again. */
function say({ said, logger }: SyncerContext, { key, notes }: Known): void {
  const problems = notes.problems.filter(({ passing, awaited }) => passing === undefined && awaited !== true)
  const text = problems.map(({ message }) => message).join('; ')
  if (text === (said.get(key) ?? '')) return
  if (text === '') said.delete(key)
  else said.set(key, text)
  if (text !== '') logger.warn({ key, problems: text }, 'something is in the way')
}

/** What was found out goes on for as long as the object is here. */
function remember(
  { told, compared, settled, silent, replaced, late, troubled, waiting }: SyncerContext,
  known: Known,
  begun: number,
): void {
  const { key, notes } = known
  if (notes.late.length > 0) late.set(key, notes.late)
  else late.delete(key)
  if (!notes.problems.some(({ passing }) => passing !== undefined)) troubled.delete(key)
  else if (!troubled.has(key)) troubled.set(key, begun)
  if (!isAssigned(known)) {
    for (const memory of [told, compared, settled, silent, replaced]) memory.delete(key)
    for (const { provider, cluster } of known.copies.values())
      if (known.places.at(provider, cluster).is === 'away') waiting.add(key, provider)
    return
  }
  const { ref, places } = known
  for (const provider of concerned(known)) if (places.ofCopy(ref, provider).is === 'away') waiting.add(key, provider)
  const target = isCurrent(known) ? targetOf(known) : undefined
  if (target !== undefined && places.forCopy(ref, target).is === 'awaited') waiting.add(key, target, ref.cluster)
}
