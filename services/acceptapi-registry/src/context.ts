import type { Bucket, OfferEntry } from '@resource-broker/bus'
import type { Clusters, Logger } from '@resource-broker/service'

/** What the handlers of the registry work with. */
export type RegistryContext = {
  clusters: Clusters
  bucket: Pick<Bucket<OfferEntry>, 'put' | 'delete' | 'watch'>
  /** What the bucket holds, by key, whichever replica put it there: the last valid version of each offer. */
  kept: Map<string, OfferEntry>
  /** How often the bucket was lost: what was put there before counts no more. */
  losses: () => number
  /** What this replica put there last, by key, since it took the partition over. */
  put: Map<string, string>
  /** Of the registry's own word on an AcceptAPI. */
  conditionType: string
  logger: Logger
  now: () => Date
}
