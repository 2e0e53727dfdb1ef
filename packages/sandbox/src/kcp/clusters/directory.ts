import type { KubeObject } from '../../kube/objects.ts'
import { PATH_ANNOTATION } from '../names.ts'
import type { ClusterDirectory, ClusterLocation, ReplicatedCache, ReplicatedChange } from '../services.ts'
import { pathSegments } from './cluster-names.ts'
import { logicalClusterIn } from './logical-cluster.ts'

/** Finds logical clusters by Workspaces, which name a child in a parent, and by LogicalClusters, which say where one is. */
export class Directory implements ClusterDirectory {
  readonly #cache: ReplicatedCache
  /** Logical cluster of each workspace, by parent and name. */
  readonly #children = new Map<string, Map<string, string>>()
  readonly #stop: () => void

  constructor(cache: ReplicatedCache) {
    this.#cache = cache
    for (const workspace of cache.list('workspaces.tenancy.kcp.io')) this.#follow({ type: 'ADDED', now: workspace })
    this.#stop = cache.watch('workspaces.tenancy.kcp.io', (change) => this.#follow(change))
  }

  resolve(path: string): ClusterLocation | undefined {
    const [first = '', ...rest] = pathSegments(path)
    let cluster: string | undefined = first
    for (const name of rest) {
      cluster = this.#children.get(cluster)?.get(name)
      if (cluster === undefined) return undefined
    }
    const shard = this.shardOf(cluster)
    return shard === undefined ? undefined : { cluster, shard }
  }

  pathOf(cluster: string): string {
    return logicalClusterIn(this.#cache, cluster)?.object.metadata.annotations?.[PATH_ANNOTATION] ?? cluster
  }

  shardOf(cluster: string): string | undefined {
    return logicalClusterIn(this.#cache, cluster)?.shard
  }

  /** Follows the cache no longer. */
  close(): void {
    this.#stop()
  }

  #follow({ type, now: { cluster, name, object } }: ReplicatedChange): void {
    const child = type === 'DELETED' ? undefined : clusterOf(object)
    let children = this.#children.get(cluster)
    if (children === undefined) {
      children = new Map()
      this.#children.set(cluster, children)
    }
    if (child === undefined) children.delete(name)
    else children.set(name, child)
    if (children.size === 0) this.#children.delete(cluster)
  }
}

function clusterOf(workspace: KubeObject): string | undefined {
  const { cluster = '' } = (workspace['spec'] ?? {}) as { cluster?: string }
  return cluster === '' ? undefined : cluster
}
