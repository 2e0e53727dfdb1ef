import type { KubeClient, WriteFence } from '@resource-broker/kube'
import type { Clusters, Destination } from './clusters.ts'

/** The same clusters for one run: what it writes is written only while `fence` lets it. */
export function clustersUnder(clusters: Clusters, fence: WriteFence): Clusters {
  const { consumers, providers, destinations } = clusters
  const under = (client: KubeClient) => client.under(fence)
  const place = (there: Destination): Destination => ({ ...there, client: under(there.client) })
  return {
    ...clusters,
    coordination: under(clusters.coordination),
    consumers: { ...consumers, client: (ref) => under(consumers.client(ref)) },
    providers: { ...providers, client: (cluster) => under(providers.client(cluster)) },
    destinations: {
      ...destinations,
      of: (source, provider, apiExportName) => {
        const there = destinations.of(source, provider, apiExportName)
        return 'waitsFor' in there ? there : place(there)
      },
      find: (source, provider, apiExportName) => {
        const there = destinations.find(source, provider, apiExportName)
        return there && place(there)
      },
      at: (cluster) => {
        const there = destinations.at(cluster)
        return there && place(there)
      },
    },
  }
}
