import { type Decision, hasEnded, type MoveFailover, type OfferRef } from '@resource-broker/api'
import type { KeyView, Outcome } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import { type Known, movesFrom, runningMigration } from '../known.ts'
import { cancelMigration, startMigration } from './migrate.ts'

/** The last place went to another meanwhile, which the watch of the places is about to show. */
export const FULL: Outcome = { requeueAfterMs: 100, reason: 'the last place of the offer went to another object' }

/** Whether the object has a place at an offer now. One that it has already is asked for again, so that nobody gives it back meanwhile. */
export async function claim({ capacity }: SchedulerContext, { key, object }: Known, offer: OfferRef): Promise<boolean> {
  return await capacity.claim(key, object.uid, offer)
}

/**
 * Asks for a move; false: there is no place for it any more. While the copy of the move before is kept that is one back to it, which is
 * asked for once: for another the copy is kept no longer, and goes first. `failover`: it leaves a provider that is away.
 */
export async function moveOn(
  context: SchedulerContext,
  known: Known,
  { offer, record }: Extract<Decision, { verdict: 'move' }>,
  view: KeyView,
  failover?: MoveFailover,
): Promise<boolean> {
  const before = runningMigration(known)
  if (before !== undefined && isAskedFor(known, before.spec.to.providerCluster, offer.ref.providerCluster)) return true
  if (before !== undefined && before.spec.from.providerCluster !== offer.ref.providerCluster) {
    await cancelMigration(context, known, before, view)
    return true
  }
  if (!(await claim(context, known, offer.ref))) return false
  await startMigration(context, known, offer, record, view, failover)
  return true
}

function isAskedFor(known: Known, from: string, to: string): boolean {
  return movesFrom(known, from).some((move) => !hasEnded(move) && move.spec.to.providerCluster === to)
}
