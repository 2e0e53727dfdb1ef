import { SortedMap } from './sorted-map.ts'
import type { Entry, ObjectKey, Range } from './types.ts'

/** Where a walk goes on: behind this key. */
export type Position = { cluster: string; namespace: string; name: string }

/** Stands behind clusters and namespaces where they are compared. */
const SEPARATOR = '/'

type Namespace = { key: Omit<ObjectKey, 'name'>; names: SortedMap<Entry> }
type Cluster = { name: string; namespaces: SortedMap<Namespace>; count: number }
type Branch = { resource: string; clusters: SortedMap<Cluster>; count: number }

/**
 * The present objects, by resource, cluster, namespace and name. Clusters and namespaces sort with a slash behind them, as in the
 * keys of etcd: `a-b/x` comes before `a/x`.
 */
export class ObjectTree {
  readonly #branches = new Map<string, Branch>()

  get(key: ObjectKey): Entry | undefined {
    return this.#namespace(key)?.names.get(key.name)
  }

  /** Puts the object in; the key of the answer shares its strings with its neighbours. */
  put(key: ObjectKey, revision: number, bytes: Buffer): Entry {
    const branch = this.#branches.get(key.resource) ?? this.#addBranch(key.resource)
    const cluster = branch.clusters.get(key.cluster) ?? addCluster(branch, key.cluster)
    const namespace = cluster.namespaces.get(key.namespace) ?? addNamespace(branch, cluster, key.namespace)
    const old = namespace.names.get(key.name)
    const entry = { key: old?.key ?? { ...namespace.key, name: key.name }, revision, bytes }
    namespace.names.set(key.name, entry)
    if (old === undefined) {
      cluster.count++
      branch.count++
    }
    return entry
  }

  remove(key: ObjectKey): void {
    const branch = this.#branches.get(key.resource)
    const cluster = branch?.clusters.get(key.cluster)
    const namespace = cluster?.namespaces.get(key.namespace)
    if (branch === undefined || cluster === undefined || namespace?.names.delete(key.name) !== true) return
    cluster.count--
    branch.count--
    if (namespace.names.size === 0) cluster.namespaces.delete(key.namespace)
    if (cluster.count === 0) branch.clusters.delete(key.cluster)
    if (branch.count === 0) this.#branches.delete(key.resource)
  }

  /** In order of cluster, namespace, name. The tree must not change meanwhile. */
  *walk(range: Range, after?: Position): Generator<Entry> {
    const branch = this.#branches.get(range.resource)
    if (branch === undefined) return
    for (const key of keysOf(branch.clusters, range.cluster, after?.cluster)) {
      const cluster = branch.clusters.get(key)
      if (cluster === undefined) continue
      const start = after?.cluster === cluster.name ? after : undefined
      for (const inner of keysOf(cluster.namespaces, range.namespace, start?.namespace)) {
        const namespace = cluster.namespaces.get(inner)
        if (namespace === undefined) continue
        const name = start?.namespace === namespace.key.namespace ? start.name : undefined
        for (const last of namespace.names.keys(name)) yield namespace.names.get(last) as Entry
      }
    }
  }

  /** How many objects `walk` would give. */
  count(range: Range, after?: Position): number {
    const branch = this.#branches.get(range.resource)
    if (branch === undefined) return 0
    if (after === undefined && range.cluster === undefined && range.namespace === undefined) return branch.count
    let count = 0
    for (const key of keysOf(branch.clusters, range.cluster, after?.cluster)) {
      const cluster = branch.clusters.get(key)
      if (cluster === undefined) continue
      count += countIn(cluster, range.namespace, after?.cluster === cluster.name ? after : undefined)
    }
    return count
  }

  /** Clusters with objects of `resource`, in order. */
  clusters(resource: string): string[] {
    const branch = this.#branches.get(resource)
    return branch === undefined ? [] : [...branch.clusters.keys()]
  }

  /** Resources with objects in `cluster`. */
  resources(cluster: string): string[] {
    const branches = [...this.#branches.values()]
    return branches.filter(({ clusters }) => clusters.get(cluster) !== undefined).map(({ resource }) => resource)
  }

  /** All objects, of all resources. */
  *all(): Generator<Entry> {
    for (const resource of this.#branches.keys()) yield* this.walk({ resource })
  }

  #namespace(key: ObjectKey): Namespace | undefined {
    const cluster = this.#branches.get(key.resource)?.clusters.get(key.cluster)
    return cluster?.namespaces.get(key.namespace)
  }

  #addBranch(resource: string): Branch {
    const branch: Branch = { resource, clusters: new SortedMap(SEPARATOR), count: 0 }
    this.#branches.set(resource, branch)
    return branch
  }
}

function addCluster(branch: Branch, name: string): Cluster {
  const cluster: Cluster = { name, namespaces: new SortedMap(SEPARATOR), count: 0 }
  branch.clusters.set(name, cluster)
  return cluster
}

function addNamespace({ resource }: Branch, cluster: Cluster, namespace: string): Namespace {
  const added: Namespace = { key: { resource, cluster: cluster.name, namespace }, names: new SortedMap() }
  cluster.namespaces.set(namespace, added)
  return added
}

function countIn(cluster: Cluster, wanted: string | undefined, after: Position | undefined): number {
  if (wanted === undefined && after === undefined) return cluster.count
  let count = 0
  for (const key of keysOf(cluster.namespaces, wanted, after?.namespace)) {
    const namespace = cluster.namespaces.get(key)
    if (namespace === undefined) continue
    const inside = after?.namespace === namespace.key.namespace
    count += inside ? namespace.names.countAfter(after.name) : namespace.names.size
  }
  return count
}

/** The one key that is wanted, or all from `from` on. */
function keysOf<V>(map: SortedMap<V>, wanted: string | undefined, from: string | undefined): Iterable<string> {
  if (wanted === undefined) return map.keys(from, true)
  return from === undefined || from + SEPARATOR <= wanted + SEPARATOR ? [wanted] : []
}

/** Negative when `a` stands before `b` in a walk. */
export function comparePositions(a: Position, b: Position): number {
  if (a.cluster !== b.cluster) return a.cluster + SEPARATOR < b.cluster + SEPARATOR ? -1 : 1
  if (a.namespace !== b.namespace) return a.namespace + SEPARATOR < b.namespace + SEPARATOR ? -1 : 1
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1
}

/** Whether an object stands in a part of the store. */
export function inRange({ resource, cluster, namespace }: Range, key: ObjectKey): boolean {
  return (
    key.resource === resource &&
    (cluster === undefined || key.cluster === cluster) &&
    (namespace === undefined || key.namespace === namespace)
  )
}
