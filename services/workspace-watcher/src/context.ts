import type { Bus, InventoryItem, Part, Publication } from '@resource-broker/bus'
import type { KubeClient, ResourceRef, WatchEvent } from '@resource-broker/kube'
import type { Logger, WatchedKind } from '@resource-broker/service'

/** A cluster under watch; the platform's own has the name ''. */
export type WatchedCluster = { name: string; client: KubeClient }

/** What the watches of the watcher work with. */
export type WatcherContext = {
  bus: Bus
  kinds: WatchedKind[]
  logger: Logger
  /** Publishes; returns a promise only when so much is under way that the watch should wait. */
  publish: <P extends Part>(publication: Publication<P>) => Promise<void> | undefined
  reportWatch: (cluster: WatchedCluster, resource: ResourceRef, event: WatchEvent) => void
  /** What the stream holds of one part, one cluster and one resource, by namespace/name. */
  inventory: (part: Part, cluster: string, resource: ResourceRef) => Map<string, InventoryItem>
}
