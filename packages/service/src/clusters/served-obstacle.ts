import { AcceptAPI } from '@resource-broker/api'
import { type Kind, type KubeClient, resolveResource } from '@resource-broker/kube'
import { type BrokeredKind, type Providers, scopeDiffers } from './clusters.ts'

type Around = {
  /** @throws {ClusterNotConnectedError} */
  provider: (cluster: string) => KubeClient
  kinds: readonly BrokeredKind[]
  /** At the consumers; undefined while nobody says so. */
  isNamespaced: (kind: Kind) => Promise<boolean | undefined>
}

/** Plain clusters: whether a provider itself serves what it offers, in the scope that it has at its consumers. */
export function servedObstacle({ provider, kinds, isNamespaced }: Around): Providers['obstacle'] {
  return async (cluster, acceptAPI) => {
    const { gvr } = AcceptAPI.of(acceptAPI).spec
    const served = await resolveResource(provider(cluster), gvr)
    const name = [gvr.resource, gvr.version, gvr.group].filter((part) => part !== '').join('.')
    if (served === undefined)
      return { reason: 'KindNotServed', message: `${cluster} does not serve ${name} itself`, again: true }
    const isWatched = kinds.some(({ group, kind }) => group === served.group && kind === served.kind)
    if (isWatched) return scopeDiffers(name, cluster, served.namespaced, await isNamespaced(served))
    return { reason: 'KindNotWatched', message: `no one watches ${name}, which is of the kind ${served.kind}` }
  }
}
