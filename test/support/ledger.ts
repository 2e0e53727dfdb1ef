import { Assignment } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { ObjectRef } from '@resource-broker/kube'
import type { SandboxChange } from '@resource-broker/sandbox'
import type { Place } from './landscape.ts'
import { THING } from './provider-controller.ts'

type Id = Pick<ObjectRef, 'group' | 'resource' | 'namespace' | 'name'>
type Listener = (change: SandboxChange, path: string) => void

const LOGICAL_CLUSTER = { group: 'core.kcp.io', resource: 'logicalclusters' }
const PATH_ANNOTATION = 'kcp.io/path'

/** What a sandbox holds of the broker's work at this very moment, on all shards, be they stopped. */
export class Ledger {
  readonly #objects = new Map<string, KubeObject>()
  /** Logical clusters, and the shard of each, by the path of their workspace. */
  readonly #clusters = new Map<string, { cluster: string; shard: string }>()
  readonly #paths = new Map<string, string>()
  readonly #listeners = new Set<Listener>()

  /** Takes what the sandbox tells, from its start on. */
  readonly take = (change: SandboxChange): void => {
    if (isOf(change, LOGICAL_CLUSTER)) this.#note(change)
    if (!isOf(change, THING) && !isOf(change, Assignment.resource)) return
    const { object, previous, ...about } = parsed(change)
    const id = idOf(about.cluster, { ...about, ...((object ?? previous)?.metadata as KubeObject['metadata']) })
    if (object === undefined) this.#objects.delete(id)
    else this.#objects.set(id, object as KubeObject)
    const path = this.#paths.get(about.cluster) ?? ''
    for (const tell of this.#listeners) tell({ ...about, object, previous }, path)
  }

  /** Calls back right after each change of a Thing or an Assignment, with the path of its workspace, until what it answers is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  get({ path = '' }: Place, ref: ObjectRef): KubeObject | undefined {
    const at = this.#clusters.get(path)
    return at && this.#objects.get(idOf(at.cluster, ref))
  }

  /** The shard that a workspace is on. */
  shardOf({ path = '' }: Place): string | undefined {
    return this.#clusters.get(path)?.shard
  }

  #note({ cluster, shard, object, previous }: SandboxChange): void {
    const path = (object ?? previous)?.metadata.annotations?.[PATH_ANNOTATION]
    if (path === undefined) return
    this.#paths.set(cluster, path)
    if (object !== undefined) this.#clusters.set(path, { cluster, shard })
    else if (this.#clusters.get(path)?.cluster === cluster) this.#clusters.delete(path)
  }
}

const isOf = (change: SandboxChange, { group, resource }: { group: string; resource: string }) =>
  change.group === group && change.resource === resource

/** Parsed once. */
const parsed = ({ shard, cluster, group, resource, object, previous }: SandboxChange): SandboxChange => ({
  ...{ shard, cluster, group, resource, object, previous },
})

const idOf = (cluster: string, { group, resource, namespace = '', name }: Id) =>
  `${cluster}/${resource}.${group}/${namespace}/${name}`
