import { Assignment, clusterLabel, labels } from '@resource-broker/api'
import type { KubeClient } from '@resource-broker/kube'
import type { Claim } from './presence.ts'

/** By which other name the objects of a cluster are placed, and of which other cluster those are that are placed under its name. */
export async function consumerClaim(coordination: KubeClient, name: string, uid: string): Promise<Claim> {
  const { consumerCluster: itsName, consumerClusterUID: itsUID } = labels
  const find = async (labelSelector: string): Promise<Assignment | undefined> => {
    for await (const { items } of coordination.pages<Assignment>(Assignment.resource, { labelSelector, limit: 1 }))
      if (items[0] !== undefined) return items[0]
    return undefined
  }
  const label = clusterLabel(name)
  const [elsewhere, others] = await Promise.all([
    find(`${itsUID}=${uid},${itsName},${itsName}!=${label}`),
    find(`${itsName}=${label},${itsUID},${itsUID}!=${uid}`),
  ])
  return { knownAs: elsewhere?.spec.consumerCluster, was: others?.metadata.labels?.[itsUID] }
}
