import type { KubeClient, WriteFence } from '@resource-broker/kube'
import type { Clusters, Destination } from './clusters.ts'

/** The same but for what is given. */
const but = <T extends object>(of: T, given: Partial<T>): T => Object.assign(Object.create(of), given)

/**
 * The same clusters for whoever may write only while a fence lets them, made once for each fence: the runs of one time that a partition is
 * owned come by the thousand, and share one.
 */
export function clustersUnder(clusters: Clusters): (fence: WriteFence) => Clusters {
  const made = new WeakMap<WriteFence, Clusters>()
  return (fence) => {
    const under = made.get(fence) ?? fenced(clusters, fence)
    made.set(fence, under)
    return under
  }
}

function fenced(clusters: Clusters, fence: WriteFence): Clusters {
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
