import type { KubeClient, WriteFence } from '@resource-broker/kube'
import type { Clusters, Destination } from './clusters.ts'

/** The same but for what is given. Nothing is read of it before somebody asks: there are runs by the thousand. */
const but = <T extends object>(of: T, given: Partial<T>): T => Object.assign(Object.create(of), given)

/** The same clusters for one run: what it writes is written only while `fence` lets it. */
export function clustersUnder(clusters: Clusters, fence: WriteFence): Clusters {
  const { consumers, providers, destinations } = clusters
  const under = (client: KubeClient) => client.under(fence)
  const place = (there: Destination): Destination => ({ ...there, client: under(there.client) })
  return but(clusters, {
    coordination: under(clusters.coordination),
    consumers: but(consumers, { client: (ref) => under(consumers.client(ref)) }),
    providers: but(providers, { client: (cluster) => under(providers.client(cluster)) }),
    destinations: but(destinations, {
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
    }),
  })
}
