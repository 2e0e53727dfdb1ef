import {
  AcceptAPI,
  type Assignment,
  annotations,
  type Condition,
  conditionTypes,
  type Decision,
  decide,
  getCondition,
  isBarred,
  isPending,
  keyOf,
  type Migration,
  type OfferRef,
  reasons,
  refusalMessage,
  sameRef,
} from '@resource-broker/api'
import { DONE, type KeyView, type Outcome, type Run, tooLargeMessage } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { failedTargets, formerOf, type Known, keepsOutgoing, readKnown, runningMigration } from '../known.ts'
import { accepts, worldFor } from '../world.ts'
import { absenceOf } from './absence.ts'
import { announce } from './announce.ts'
import { bind, ensureFinalizer, learnAssignment } from './bind.ts'
import { decisionAttributes } from './decision-attributes.ts'
import { editAssignment } from './edit-assignment.ts'
import { failOver } from './fail-over.ts'
import { cancelMigration } from './migrate.ts'
import { claim, FULL, moveOn } from './move-on.ts'
import { reportAccepted, reportFailover, reportUnplaceable } from './report.ts'

/** The platform told of a record that no message did: it is looked at as any other. */
const LEARNED: Outcome = { requeueAfterMs: 0, reason: 'the object has an Assignment that was not heard of' }

/** Decides where one object belongs, and records it: the Assignment of a new object, the Migration of one that must move. */
export async function place(context: SchedulerContext, run: Pick<Run, 'key' | 'view' | 'attempt'>): Promise<Outcome> {
  const { key, view, attempt } = run
  const known = readKnown(key, view, context.clusters.consumers.describe)
  if (known === undefined) return DONE
  const { assignment, object, tooLarge } = known
  if (assignment === undefined && keyOf(known.ref) !== key) return DONE // of the version before: it is about to go by its own key
  if (tooLarge !== undefined) {
    const why = `the object cannot be placed: ${tooLargeMessage(tooLarge)}`
    if (assignment === undefined)
      await reportUnplaceable(context, known, { reason: reasons.tooLarge, message: why }, view)
    return DONE // one that is placed stays where it is, and the syncer tells
  }
  if (assignment === undefined) return await placeNew(context, known, view)
  if (assignment.status?.phase === 'Terminating') return DONE // it goes, and that calls again
  if (assignment.spec.uid !== object.uid) return await adopt(context, known, assignment, view)
  if (assignment.spec.gvr.version !== known.ref.gvr.version) {
    await editAssignment(context, assignment, { spec: { gvr: { version: known.ref.gvr.version } } }, view)
    return await place(context, run)
  }
  const running = runningMigration(known)
  if (running !== undefined && !keepsOutgoing(assignment, running))
    return await placeMoving(context, known, assignment, running, view)
  return await placeAgain(context, known, assignment, view, attempt)
}

/** Another object had this name. Its Assignment goes first, and that calls again, unless this object is to have what that one had. */
async function adopt(context: SchedulerContext, known: Known, assignment: Assignment, view: KeyView): Promise<Outcome> {
  if (known.source.metadata.annotations?.[annotations.adopt] !== 'true') return DONE
  await editAssignment(context, assignment, { spec: { uid: known.object.uid } }, view)
  context.logger.info({ key: known.key, assignment: assignment.metadata.name }, 'restored object adopts')
  return DONE // the Assignment is on the way as a message
}

async function placeNew(context: SchedulerContext, known: Known, view: KeyView): Promise<Outcome> {
  const decision = judge(context, known)
  context.tracing?.tell(decisionAttributes(decision))
  if (decision.verdict !== 'place') {
    if (saysPlaced(known) && (await learnAssignment(context, known.key, view))) return LEARNED
    if (!context.quotas.isIdle) await context.quotas.leave(known.key) // it could not be placed if it were its turn
    if (decision.verdict === 'refuse') {
      const { reason, record } = decision
      await reportUnplaceable(context, known, { reason, message: refusalMessage(record) }, view)
    }
    return DONE
  }
  const wait = context.quotas.isIdle ? undefined : await context.quotas.enter(known)
  if (wait !== undefined) {
    if (saysPlaced(known) && (await learnAssignment(context, known.key, view))) return LEARNED
    await reportUnplaceable(context, known, wait, view)
    return DONE
  }
  if (!(await claim(context, known, decision.offer.ref))) return FULL
  const sourceVersion = await bind(context, known, decision.offer, decision.record, view)
  if (sourceVersion === undefined) return view.get('assignment')?.object == null ? DONE : LEARNED
  await announce(context, known, sourceVersion, decision.offer.ref.providerCluster, view)
  return DONE
}

/** Where the object belongs by what is known now. */
function judge(
  context: SchedulerContext,
  known: Known,
  current?: OfferRef,
  excluded?: ReadonlyMap<string, string>,
): Decision {
  const { object, key } = known
  return decide({ object, current, former: formerOf(known), excluded }, worldFor(context, key), context.now())
}

/** Only who knows its Assignment can have told the object that it is placed. */
function saysPlaced({ source }: Known): boolean {
  const { conditions } = (source.status ?? {}) as { conditions?: Condition[] }
  return getCondition(conditions, conditionTypes.placed)?.status === 'True'
}

/** The object is where the Assignment says; is that still right? */
async function placeAgain(
  context: SchedulerContext,
  known: Known,
  assignment: Assignment,
  view: KeyView,
  attempt: number,
): Promise<Outcome> {
  const current = currentOffer(assignment)
  const absence = absenceOf(context, known, current)
  if (absence !== undefined) return await failOver(context, known, { assignment, absence, current }, view)
  let decision = judge(context, known, current, failedTargets(known))
  if (decision.verdict !== 'stay') {
    if (await isUnheardOf(context, current))
      return { requeueAfterMs: waitMs(attempt), reason: 'the offer exists, but is not indexed yet' }
    decision = judge(context, known, current, failedTargets(known))
  }
  context.tracing?.tell(decisionAttributes(decision))
  if (decision.verdict === 'stay' && !sameRef(decision.offer.ref, current)) {
    if (!(await claim(context, known, decision.offer.ref))) return FULL
    await editAssignment(context, assignment, { spec: { acceptAPIName: decision.offer.ref.name } }, view)
  }
  const sourceVersion = await ensureFinalizer(context, known, current.providerCluster, view)
  if (decision.verdict === 'move') {
    if (!(await moveOn(context, known, decision, view))) return FULL
    // Until the move begins one that leaves a drained provider is kept in sync there.
    const next = accepts(context, known, current) ? current : decision.offer.ref
    await announce(context, known, sourceVersion, next.providerCluster, view)
    return DONE
  }
  if (decision.verdict === 'stay' || decision.verdict === 'strand') await reportAccepted(context, known, decision, view)
  await announce(context, known, sourceVersion, decision.verdict === 'stay' ? current.providerCluster : null, view)
  return DONE
}

/**
 * The object is between two providers: the new spec goes to the incoming one, or the move is taken back; after the switch it is only told
 * that it need not wait for a copy that its provider takes no more.
 */
async function placeMoving(
  context: SchedulerContext,
  known: Known,
  assignment: Assignment,
  migration: Migration,
  view: KeyView,
): Promise<Outcome> {
  const { to } = migration.spec
  const sourceVersion = await ensureFinalizer(context, known, assignment.spec.providerCluster, view)
  const target = { providerCluster: to.providerCluster, name: to.acceptAPIName }
  const current = currentOffer(assignment)
  if (migration.spec.failover !== undefined) await reportFailover(context, known, assignment, migration, view)
  const isAccepted =
    accepts(context, known, target) &&
    !isNeedless(context, known, migration, current) &&
    !isForsaken(context, known, migration, current) &&
    !isTakenBack(context, known, migration)
  if (!isAccepted) await cancelMigration(context, known, migration, view)
  if (isAccepted || assignment.spec.providerCluster === to.providerCluster) {
    const keeps = isPending(migration) && accepts(context, known, current)
    const next = keeps ? current.providerCluster : nextProvider(context, known, target)
    await announce(context, known, sourceVersion, next, view)
    return DONE
  }
  await announce(context, known, sourceVersion, accepts(context, known, current) ? current.providerCluster : null, view)
  return DONE
}

/** Whether an object that leaves a provider which is away was to come to one that has gone away since: nothing has been switched yet. */
function isForsaken(context: SchedulerContext, known: Known, { spec }: Migration, current: OfferRef): boolean {
  const { providerCluster, acceptAPIName: name } = spec.to
  if (spec.failover === undefined || current.providerCluster === providerCluster) return false
  return absenceOf(context, known, { providerCluster, name })?.word.is === 'due'
}

/**
 * Whether the change of an offer, or the drain, that has the object move was taken back before the move began, or its provider is back from
 * where it was away: nothing is on its way yet.
 * One that has to leave after the drain for another reason is asked to anew, with that as its cause.
 */
function isNeedless(context: SchedulerContext, known: Known, migration: Migration, current: OfferRef): boolean {
  if (!isPending(migration)) return false
  const { cause, drain, failover } = migration.spec
  if (failover !== undefined) return absenceOf(context, known, current)?.word.is !== 'due'
  if (drain === true) return context.standings.of(current.providerCluster) !== 'draining'
  return cause !== undefined && accepts(context, known, current)
}

/**
 * Whether a move that has not begun goes to a provider that takes nothing new by now, or that the policy of the object no longer allows. One
 * that has begun goes on: its copy is there, and what is there stays.
 */
function isTakenBack(context: SchedulerContext, { object, key }: Known, migration: Migration): boolean {
  return isPending(migration) && isBarred(object, migration.spec.to.providerCluster, worldFor(context, key))
}

/** Who is to have the object once the move to `target` is over: `target` while it accepts it, else where the next move goes to. */
function nextProvider(context: SchedulerContext, known: Known, target: OfferRef): string | null {
  if (accepts(context, known, target)) return target.providerCluster
  const decision = judge(context, known, target, failedTargets(known))
  return decision.verdict === 'strand' || decision.verdict === 'refuse' ? null : decision.offer.ref.providerCluster
}

function currentOffer({ spec }: Assignment): OfferRef {
  return { providerCluster: spec.providerCluster, name: spec.acceptAPIName }
}

/** An offer that the registry never spoke of may exist all the same, for a moment or while the index is built anew. */
async function isUnheardOf(context: SchedulerContext, offer: OfferRef): Promise<boolean> {
  if (context.offers.isKnown(offer)) return false
  const { providers } = context.clusters
  if (providers.isGone(offer.providerCluster)) return false // the provider left, and its offers with it
  try {
    const client = providers.client(offer.providerCluster)
    return (
      (await readIfThere(client, { ...AcceptAPI.resource, name: offer.name }, { metadataOnly: true })) !== undefined
    )
  } catch (error) {
    if (error instanceof ClusterNotConnectedError) return true // it stays where it is until the provider is back
    throw error
  }
}

const waitMs = (attempt: number): number => Math.min(250 * 2 ** Math.min(attempt, 8), 30_000)
