import type { Consumer, Provider } from '@resource-broker/api'
import type { KubeObject, SourceRef } from '@resource-broker/bus'
import type { KubeClient, WatchedObject } from '@resource-broker/kube'
import type { Presence } from './presence.ts'

/** A cluster that an Assignment names, or an object came from, is not connected now; it may come back. */
export class ClusterNotConnectedError extends Error {
  readonly code = 'ClusterNotConnected'
}

/** A kind that is brokered; `resource` and `namespaced` are known where they need not be asked for in each cluster. */
export type BrokeredKind = { group: string; version: string; kind: string; resource?: string; namespaced?: boolean }

/** Where the broker finds consumers, providers and copies: what tells one mode from the other. */
export type Clusters = {
  /** Tells this broker's copies from those of others: the uid of the platform's cluster. */
  brokerID: string
  coordination: KubeClient
  kinds: Kinds
  consumers: Consumers
  providers: Providers
  destinations: Destinations
  /** What is to be watched. */
  views: Views
}

type Kinds = {
  readonly all: readonly BrokeredKind[]
  /** Calls back after each change. */
  onChange: (listener: () => void) => void
}

type Consumers = {
  /** For an object and what belongs to it. @throws {ClusterNotConnectedError} */
  client: (ref: Pick<SourceRef, 'cluster' | 'gvr'>) => KubeClient
  /** What an offer may ask of a consumer. @throws {ClusterNotConnectedError} */
  describe: (cluster: string) => Consumer
  /** What a cluster is, by whatever name it goes; undefined while it has not said so. */
  uidOf: (cluster: string) => string | undefined
}

export type Providers = {
  /** @throws {ClusterNotConnectedError} */
  client: (cluster: string) => KubeClient
  /** Where people find the provider: the path of its workspace, or its name. */
  pathOf: (cluster: string) => string
  /** What it offered counts no more: certainly not among the providers, or lost. Its copies may be there nevertheless. */
  isGone: (cluster: string) => boolean
  /** How a provider is now; one that is away may come back. */
  presence: (cluster: string) => Presence
  /** Calls back after the presence of a provider changed, or the reason for it. */
  onPresence: (listener: (cluster: string) => void) => void
  /** Those that there is a way to, or a record of. */
  readonly all: readonly string[]
  /** What a cluster is, by whatever name it goes; undefined while it has not said so. */
  uidOf: (cluster: string) => string | undefined
  /** What the platform has recorded of a provider. */
  recordOf: (cluster: string) => Provider | undefined
  /** Calls back after that changed. */
  onRecord: (listener: (cluster: string) => void) => void
  /** Why objects of a resource cannot be routed to a provider whose AcceptAPI is valid. */
  obstacle: (cluster: string, acceptAPI: KubeObject) => Promise<Obstacle | undefined>
}

/**
 * `pending`: it goes by itself, as a rule; `again`: nothing tells when it is gone; `withdraws`: what was offered before is not to be
 * had either.
 */
export type Obstacle = { reason: string; message: string; pending?: boolean; again?: boolean; withdraws?: boolean }

/** Why no object of a kind can have a copy at a provider that has it in another scope; undefined where the scope is one, or not known. */
export function scopeDiffers(
  resource: string,
  provider: string,
  its: boolean,
  consumers: boolean | undefined,
): Obstacle | undefined {
  if (consumers === undefined || its === consumers) return undefined
  const word = (namespaced: boolean) => (namespaced ? 'namespaced' : 'cluster-scoped')
  const message = `${resource} is ${word(its)} at ${provider}, and ${word(consumers)} at its consumers`
  return { reason: 'ScopeDiffers', message, again: true, withdraws: true }
}

/** Where a copy is, or is to be made. */
export type Destination = {
  cluster: string
  client: KubeClient
  /** What the object is called there. */
  nameOf: (source: Pick<SourceRef, 'cluster' | 'name'>) => string
}

export type Destinations = {
  /**
   * Where the copy of a consumer's object at a provider belongs; a reason while that is still being made. kcp: of `apiExportName`,
   * or of whichever export serves the resource.
   * @throws {ClusterNotConnectedError} while nobody can know
   */
  of: (source: SourceRef, provider: string, apiExportName?: string) => Destination | { waitsFor: string }
  /** Where such a copy is, if there is one; undefined: there is none. @throws {ClusterNotConnectedError} while nobody can know */
  find: (source: SourceRef, provider: string, apiExportName?: string) => Destination | undefined
  /** Where copies were seen; undefined: it is no more, and with it the copies. @throws {ClusterNotConnectedError} */
  at: (cluster: string) => Destination | undefined
  /** Calls back when copies of a consumer can go to a provider where they could not before, or for another reason cannot. */
  onReady: (listener: (of: { consumer: string; provider: string }) => void) => void
}

/** What one view shows: the platform's records, consumers' objects, AcceptAPIs, copies, each with what belongs to it; what stages deploy. */
export type Duty = 'records' | 'sources' | 'offers' | 'copies' | 'stages'

/** Whose object a copy is. */
export type CopyOrigin = { consumer: string; namespace?: string; name: string; provider: string }

/** One address at which objects are watched: a cluster, or all logical clusters that a virtual workspace shows. */
export type View = {
  /** Another one of the same id shows the same; one whose client differs takes its place. */
  id: string
  client: KubeClient
  duties: readonly Duty[]
  /** Whose copies alone it shows; undefined: it is for no copies, or for those of several. */
  provider?: string
  kinds: readonly BrokeredKind[]
  /** Which cluster an object is in. */
  clusterOf: (object: WatchedObject) => string
  /** Whether a cluster is known to be seen here: what the list then lacks is gone. */
  shows: (cluster: string) => boolean
  /** Whose object a copy is, if it stands where that object's copy would. */
  originOf: (metadata: KubeObject['metadata'], cluster: string) => CopyOrigin | undefined
  /** Only these objects are looked at. */
  labelSelector?: string
}

export type Views = {
  readonly all: readonly View[]
  /** Calls back after views came or went. */
  onChange: (listener: () => void) => void
  /** Calls back when a cluster has come into view. */
  onCluster: (listener: (cluster: string) => void) => void
  /** Clusters with copies of which it is certain that they are no more. */
  isGone: (copies: string) => boolean
}
