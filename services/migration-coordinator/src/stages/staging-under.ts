import type { WriteFence } from '@resource-broker/kube'
import { type Clusters, type Compute, clustersUnder } from '@resource-broker/service'
import type { Staging } from '../context.ts'

/** Where stages deploy, for one run: what it writes is written only while `fence` lets it. */
export function stagingUnder(
  { compute, clusters }: { compute: Compute; clusters: Clusters },
  fence: WriteFence,
): Staging {
  const { brokerID, destinations } = clustersUnder(clusters, fence)
  return { compute: { ...compute, client: compute.client.under(fence) }, brokerID, destinations }
}
