import { conditionTypes, decide, getCondition, reasons } from '@resource-broker/api'
import { isTerminal, type KeyView } from '@resource-broker/bus'
import { ClusterNotConnectedError } from '@resource-broker/service'
import { ZodError } from 'zod'
import type { SchedulerContext } from '../context.ts'
import { readKnown, runningMigration } from '../known.ts'
import { worldFor } from '../world.ts'
import { absenceOf } from './absence.ts'
import { isPolicyNews } from './judge-policy.ts'

/**
 * Whether an object, or a policy, is to be looked at again after the offers changed, what a provider is to do or is called, or a policy. A policy is where
 * providers have what it requires that had it not, or none has it any more; an object unless it is placed, its provider still accepts it and keeps it, and
 * it is not on its way to another, who may accept it no more. What is thrown because the consumer is not connected, or something known is not
 * valid, is for the look itself to throw: it is taken again, or parks its key. It must not keep the other keys of the partition from
 * being looked at.
 */
export function isAffected(context: SchedulerContext, key: string, view: KeyView): boolean {
  try {
    const policy = view.get('policy')
    if (policy !== undefined) return isPolicyNews(context, policy)
    if (mayMove(context, key, view)) return true
    return context.capacity.isUnsettled(key, view) || context.quotas.isUnsettled(key, view)
  } catch (error) {
    if (error instanceof ClusterNotConnectedError || isTerminal(error) || error instanceof ZodError) return true
    throw error
  }
}

function mayMove(context: SchedulerContext, key: string, view: KeyView): boolean {
  const known = readKnown(key, view, context.clusters.consumers.describe)
  if (known === undefined) return false
  const { assignment, object, decision } = known
  if (assignment === undefined || decision?.provider === null || runningMigration(known) !== undefined) return true
  const current = { providerCluster: assignment.spec.providerCluster, name: assignment.spec.acceptAPIName }
  const said = getCondition(assignment.status?.conditions, conditionTypes.accepted)
  if (said?.status === 'Unknown' || absenceOf(context, known, current) !== undefined) return true
  const next = decide({ object, current }, worldFor(context, key), context.now())
  return next.verdict !== 'stay' || next.record !== undefined || said?.reason === reasons.nobodyElseAccepts
}
