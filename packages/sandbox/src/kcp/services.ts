import type { Authorizer } from '../kube/authorizer.ts'
import type { ControllerLog } from '../kube/controller-log.ts'
import type { LocalCrds } from '../kube/crds/mod.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { LocalClient } from '../kube/requests/types.ts'
import type { Catalog, Resource } from '../kube/resource.ts'
import type { Store } from '../store/types.ts'
import type { ApiExport } from './apis/types.ts'

/** What every shard knows of all shards, as `<resource>.<group>`; kcp's cache server holds the same. */
export type ReplicatedType =
  | 'shards.core.kcp.io'
  | 'logicalclusters.core.kcp.io'
  | 'workspaces.tenancy.kcp.io'
  | 'workspacetypes.tenancy.kcp.io'
  | 'partitions.topology.kcp.io'
  | 'apiexports.apis.kcp.io'
  | 'apiexportendpointslices.apis.kcp.io'
  | 'apiresourceschemas.apis.kcp.io'
  | 'apiconversions.apis.kcp.io'

/** In the storage version of its type. Not to be changed. */
export type ReplicatedObject = {
  readonly shard: string
  readonly cluster: string
  readonly name: string
  readonly object: KubeObject
}

export type ReplicatedChange = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly now: ReplicatedObject
  readonly previous?: ReplicatedObject
}

/**
 * The replicated types of all shards. A stopped shard's objects stay as they were last; a shard that starts again catches up
 * before it serves. All types are cluster-scoped.
 */
export interface ReplicatedCache {
  get(type: ReplicatedType, cluster: string, name: string): ReplicatedObject | undefined
  /** Of one logical cluster, or of all; in no order. */
  list(type: ReplicatedType, cluster?: string): readonly ReplicatedObject[]
  /** Calls `listener` for every later change, synchronously, after the cache holds it. Returns a function that ends it. */
  watch(type: ReplicatedType, listener: (change: ReplicatedChange) => void): () => void
}

export type ClusterLocation = { cluster: string; shard: string }

/** Where logical clusters are, over all shards (contract 1.4, 1.5). */
export interface ClusterDirectory {
  /** Of a path or a name; undefined where no such logical cluster is known. */
  resolve(path: string): ClusterLocation | undefined
  /** Its canonical path (`kcp.io/path`), the name where there is none. */
  pathOf(cluster: string): string
  /** Of a logical cluster name. */
  shardOf(cluster: string): string | undefined
}

/** An export, and the logical cluster that it is in. */
export type ExportAt = { readonly cluster: string; readonly apiExport: ApiExport }

/** Finds exports of all shards by what they offer. */
export interface ExportIndex {
  /** One that offers the type with that identity: several exports can share one identity (contract 5.3). */
  ofType(group: string, resource: string, identityHash: string): ExportAt | undefined
  /** All that share an identity, whatever they offer. */
  withIdentity(identityHash: string): readonly ExportAt[]
}

/** A shard as its Shard object describes it. */
export type ShardInfo = {
  readonly name: string
  readonly url: string
  readonly virtualWorkspaceUrl: string
  /** Base of the URLs of workspaces, the same for all shards. */
  readonly externalUrl: string
}

/** What a shard gives to its rooms. `catalog` is known after the rooms were made, not while. */
export type ShardServices = {
  readonly shard: ShardInfo
  readonly store: Store
  readonly cache: ReplicatedCache
  readonly directory: ClusterDirectory
  readonly exports: ExportIndex
  /** Built-in types of Kubernetes. */
  readonly builtIns: readonly Resource[]
  /** Types that CustomResourceDefinitions define in logical clusters of this shard. */
  readonly localCrds: LocalCrds
  /** Types of kcp besides apis.kcp.io that are served in every logical cluster: LogicalClusters. */
  readonly systemTypes: readonly Resource[]
  /** Identity hash by the name of an export in root (contract 4.11). */
  readonly identities: ReadonlyMap<string, string>
  /** The whole chain of contract 12.4, for logical clusters on any shard. */
  readonly authorizer: Authorizer
  /** RBAC alone, what a deep SubjectAccessReview asks (contract 12.9): whether a right was given, not whether the workspace is open. */
  readonly rbac: Authorizer
  /** Acts as system:masters on this shard, in a logical cluster that need not exist yet. */
  clientIn(cluster: string): LocalClient
  /** As `clientIn`, on any shard. Throws StatusError 503 while that is away. */
  clientAt(shard: string, cluster: string): LocalClient
  readonly catalog: () => Catalog
  readonly now: () => Date
  readonly log: ControllerLog
}

/**
 * The export in whose logical cluster a request on a bound resource is checked too (contract 12.6); undefined for a type that is
 * not bound, or whose export has no maximalPermissionPolicy or is gone.
 */
export type MaximalPermissionPolicy = (
  cluster: string,
  group: string,
  resource: string,
) => { cluster: string } | undefined
