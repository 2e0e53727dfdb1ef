import { parseOwnJson } from '../../kube/json.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Entry, Store } from '../../store/types.ts'
import type { ReplicatedCache, ReplicatedChange, ReplicatedObject, ReplicatedType } from '../services.ts'

type Listener = (change: ReplicatedChange) => void
/** By name, in each logical cluster. */
type Objects = Map<string, Map<string, ReplicatedObject>>

/** Holds the replicated types of all shards in memory; what a shard held last stays while it is away. */
export class Replication implements ReplicatedCache {
  readonly #objects = new Map<ReplicatedType, Objects>()
  readonly #listeners = new Map<ReplicatedType, Set<Listener>>()

  get(type: ReplicatedType, cluster: string, name: string): ReplicatedObject | undefined {
    return this.#objects.get(type)?.get(cluster)?.get(name)
  }

  list(type: ReplicatedType, cluster?: string): readonly ReplicatedObject[] {
    const objects = this.#objects.get(type)
    if (cluster !== undefined) return [...(objects?.get(cluster)?.values() ?? [])]
    return [...(objects?.values() ?? [])].flatMap((each) => [...each.values()])
  }

  watch(type: ReplicatedType, listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Catches up with a shard and follows it from now on. Returns a function that ends it, which forgets nothing. */
  attach(shard: string, store: Store, storages: ReadonlyMap<ReplicatedType, string>): () => void {
    const stops = [...storages].map(([type, resource]) => {
      const { entries, revision } = store.list({ resource })
      this.#catchUp(type, shard, entries)
      return store.watch({ resource }, revision, (event) => {
        const now = read(shard, event.entry)
        if (event.type === 'DELETED') this.#remove(type, now)
        else this.#set(type, now)
      })
    })
    return () => {
      for (const stop of stops) stop()
    }
  }

  #catchUp(type: ReplicatedType, shard: string, entries: readonly Entry[]): void {
    const current = new Set<string>()
    for (const entry of entries) {
      current.add(`${entry.key.cluster}|${entry.key.name}`)
      const now = read(shard, entry)
      const known = this.get(type, now.cluster, now.name)
      if (known?.object.metadata.resourceVersion !== now.object.metadata.resourceVersion) this.#set(type, now)
    }
    for (const known of this.list(type)) {
      if (known.shard === shard && !current.has(`${known.cluster}|${known.name}`)) this.#remove(type, known)
    }
  }

  #set(type: ReplicatedType, now: ReplicatedObject): void {
    const objects = this.#objects.get(type) ?? new Map<string, Map<string, ReplicatedObject>>()
    this.#objects.set(type, objects)
    const inCluster = objects.get(now.cluster) ?? new Map<string, ReplicatedObject>()
    objects.set(now.cluster, inCluster)
    const previous = inCluster.get(now.name)
    inCluster.set(now.name, now)
    this.#tell(type, previous === undefined ? { type: 'ADDED', now } : { type: 'MODIFIED', now, previous })
  }

  #remove(type: ReplicatedType, now: ReplicatedObject): void {
    const objects = this.#objects.get(type)
    const inCluster = objects?.get(now.cluster)
    const previous = inCluster?.get(now.name)
    inCluster?.delete(now.name)
    if (inCluster?.size === 0) objects?.delete(now.cluster)
    this.#tell(type, { type: 'DELETED', now, ...(previous !== undefined && { previous }) })
  }

  #tell(type: ReplicatedType, change: ReplicatedChange): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(change)
  }
}

function read(shard: string, { key, bytes }: Entry): ReplicatedObject {
  return { shard, cluster: key.cluster, name: key.name, object: parseOwnJson<KubeObject>(bytes) }
}
