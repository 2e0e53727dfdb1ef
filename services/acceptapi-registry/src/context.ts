import type { Bucket, OfferEntry } from '@resource-broker/bus'
import type { Clusters, Logger, WatchedKind } from '@resource-broker/service'

/** What the handlers of the registry work with. */
export type RegistryContext = {
  clusters: Clusters
  bucket: Bucket<OfferEntry>
  /** Kinds that the broker serves. */
  kinds: WatchedKind[]
  /** Whether the bucket has spoken of an offer, and what was last put there, by key. */
  put: Map<string, string>
  logger: Logger
  now: () => Date
}
