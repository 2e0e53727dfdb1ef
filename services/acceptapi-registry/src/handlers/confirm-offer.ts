import { AcceptAPI } from '@resource-broker/api'
import { acceptAPIKey, DONE, type KubeObject, type OfferEntry, type Outcome, offerKey } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import type { RegistryContext } from '../context.ts'

/** How long the word of an AcceptAPI may be behind that of the bucket before its provider is asked. */
const GRACE_MS = 5_000

/** What the bucket holds, by the keys of the AcceptAPIs. */
export function keptByKey(kept: ReadonlyMap<string, OfferEntry>): Map<string, OfferEntry> {
  return new Map([...kept.values()].map((entry) => [acceptAPIKey(entry.provider, entry.name), entry]))
}

/**
 * An offer of which nobody has a word goes, once its provider says that there is no such AcceptAPI: it went while the stream was lost, or
 * nobody watched. @throws {ClusterNotConnectedError} while the provider may be there and cannot be asked
 */
export async function confirmOffer(context: RegistryContext, key: string, attempt: number): Promise<Outcome> {
  const entry = keptByKey(context.kept).get(key)
  if (entry === undefined) return DONE
  if (attempt === 1) return { requeueAfterMs: GRACE_MS, reason: 'an offer is here before its AcceptAPI' }
  const { provider, name } = entry
  if (!context.clusters.providers.isGone(provider) && (await readOffer(context.clusters, provider, name)) !== undefined)
    return DONE // its message is on the way
  const at = offerKey(provider, name)
  context.kept.delete(at)
  await context.bucket.delete(at)
  context.logger.info({ provider, acceptAPI: name }, 'offer withdrawn')
  return DONE
}

/** The AcceptAPI as its provider has it. @throws {ClusterNotConnectedError} while that cannot be asked */
export async function readOffer(
  { providers }: RegistryContext['clusters'],
  provider: string,
  name: string,
): Promise<KubeObject | undefined> {
  return await readIfThere<KubeObject>(providers.client(provider), { ...AcceptAPI.resource, name })
}
