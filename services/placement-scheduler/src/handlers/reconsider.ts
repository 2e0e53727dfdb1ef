import { decide } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { ClusterNotConnectedError } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { readKnown } from '../known.ts'

/** Whether an object is to be looked at again after the offers changed: unless it is placed and its provider still accepts it. */
export function isAffected(context: SchedulerContext, key: string, view: KeyView): boolean {
  if (context.capacity.isUnsettled(key, view)) return true
  const known = readIfConnected(context, key, view)
  if (known === undefined || known === 'not connected') return known !== undefined
  const { assignment, object, decision } = known
  if (assignment === undefined || decision?.provider === null) return true
  const current = { providerCluster: assignment.spec.providerCluster, name: assignment.spec.acceptAPIName }
  return decide(object, context.offers.index, current, context.capacity.usageBy(key), context.now()).verdict !== 'stay'
}

/** What is thrown because the consumer is not connected is for the look itself to throw, which is taken again then. */
function readIfConnected({ clusters }: SchedulerContext, key: string, view: KeyView) {
  try {
    return readKnown(key, view, clusters.consumers.describe)
  } catch (error) {
    if (error instanceof ClusterNotConnectedError) return 'not connected'
    throw error
  }
}
