import { decide } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import { readKnown } from '../known.ts'

/** Whether an object is to be looked at again after the offers changed: unless it is placed and its provider still accepts it. */
export function isAffected(context: SchedulerContext, key: string, view: KeyView): boolean {
  const known = readKnown(key, view)
  if (known === undefined) return false
  const { assignment, object, decision } = known
  if (assignment === undefined || decision?.provider === null) return true
  const current = { providerCluster: assignment.spec.providerCluster, name: assignment.spec.acceptAPIName }
  return decide(object, context.offers.index, current, context.usage, context.now()).verdict !== 'stay'
}
