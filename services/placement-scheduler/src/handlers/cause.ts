import type { Migration, MoveCause, OfferRef } from '@resource-broker/api'
import type { SchedulerContext } from '../context.ts'
import { type Known, movesFrom } from '../known.ts'
import { accepts } from '../world.ts'

/**
 * What a Migration says of why it is asked for. A drain is the platform's own word, and has a limit of its own: it counts as no change of an
 * offer, so that nobody has to agree with its moves as well.
 */
export function whyMoves(
  context: SchedulerContext,
  known: Known,
  from: OfferRef,
  to: OfferRef,
): Pick<Migration['spec'], 'cause' | 'drain'> {
  const isDrained = context.standings.of(from.providerCluster) === 'draining'
  if (isDrained && accepts(context, known, from)) return { drain: true }
  const cause = causeOf(context, known, from, to)
  return cause === undefined ? {} : { cause }
}

/**
 * The offer by whose change an object moves from one to another; undefined: the object itself was changed, or the platform gave its
 * provider up. Who accepted this very generation before, or that nobody did, is what was last said of it: then the one that accepted it
 * does no more, or the other one has come to. Where nothing was said, as after the stream was lost, the offer that is left counts.
 */
export function causeOf(
  { clusters, offers }: Pick<SchedulerContext, 'clusters' | 'offers'>,
  known: Known,
  from: OfferRef,
  to: OfferRef,
): MoveCause | undefined {
  const { decision, object } = known
  if (clusters.providers.isGone(from.providerCluster)) return undefined
  const cause = ({ providerCluster, name }: OfferRef): MoveCause => {
    return { providerCluster, acceptAPIName: name, generation: offers.generationOf({ providerCluster, name }) }
  }
  if (decision === undefined || decision.uid !== object.uid) return cause(from)
  if (decision.generation !== object.generation) return undefined
  if (decision.provider === null) return cause(to)
  if (decision.provider === from.providerCluster) return cause(from)
  return movesFrom(known, from.providerCluster).at(-1)?.spec.cause // it is on its way already, and tries another one
}
