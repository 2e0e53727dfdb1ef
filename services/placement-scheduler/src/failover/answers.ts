import { AcceptAPI, type OfferRef } from '@resource-broker/api'
import { ConnectionError, CredentialsError, KubeError, readIfThere } from '@resource-broker/kube'
import { ClusterNotConnectedError } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'

/** Whether the provider of an offer can be spoken to, whatever is recorded of it: it is asked for the offer, which need not be there. */
export async function answers(
  { clusters: { providers } }: Pick<SchedulerContext, 'clusters'>,
  { providerCluster, name }: OfferRef,
): Promise<boolean> {
  if (providers.isGone(providerCluster)) return false
  try {
    await readIfThere(providers.client(providerCluster), { ...AcceptAPI.resource, name }, { metadataOnly: true })
    return true
  } catch (error) {
    if (AWAY.some((Kind) => error instanceof Kind)) return false
    throw error
  }
}

const AWAY = [ClusterNotConnectedError, ConnectionError, CredentialsError, KubeError]
