import type { WriteFence } from '@resource-broker/kube'
import type { Clusters, Compute } from '@resource-broker/service'
import type { Staging } from '../context.ts'

/** Where stages deploy, for one run: what it writes is written only while `fence` lets it, as it is with what `clustersUnder` gives. */
export function stagingUnder(
  compute: Compute,
  clusters: (fence: WriteFence) => Clusters,
): (fence: WriteFence) => Staging {
  return (fence) => {
    const { brokerID, destinations, providers } = clusters(fence)
    return { compute: { ...compute, client: compute.client.under(fence) }, brokerID, destinations, providers }
  }
}
