import { EventEmitter } from 'node:events'
import { type ClientOptions, KubeClient } from '../client.ts'
import type { Endpoint } from '../clusters/kubeconfig.ts'
import type { Gone, WatchEvent, WatchedObject } from '../watch/types.ts'
import { watchResource } from '../watch/watch.ts'
import type { ExportEndpoints } from './export-endpoints.ts'

/** A logical cluster that is bound to an export, as the export's owner may see it; `path` is that of its workspace. */
export type LogicalCluster = { name: string; client: KubeClient; path: string; endpoint: string }

type Events = {
  joined: [cluster: LogicalCluster]
  left: [cluster: LogicalCluster]
  watch: [endpoint: string, event: WatchEvent]
}

/** One virtual workspace, and the names of the Ready bindings that it shows, by logical cluster. */
type Followed = { client: KubeClient; bindings: Map<string, Set<string>>; stopping: AbortController }

type Binding = WatchedObject & { status?: { conditions?: { type: string; status: string }[] } }

const BINDINGS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apibindings' }
const CLUSTER_ANNOTATION = 'kcp.io/cluster'
const PATH_ANNOTATION = 'kcp.io/path'

/**
 * The logical clusters that are bound to an APIExport, on all shards, by one watch on each shard's virtual workspace. Their clients
 * share the connections to it, so that neither watches nor connections grow with workspaces.
 */
export class LogicalClusters extends EventEmitter<Events> {
  readonly #endpoints: ExportEndpoints
  readonly #login: Endpoint
  readonly #options: ClientOptions
  readonly #followed = new Map<string, Followed>()
  readonly #clusters = new Map<string, LogicalCluster>()

  /** `login` says who asks, and by which certificates the servers are known; its address does not count. */
  constructor(endpoints: ExportEndpoints, login: Endpoint, options: ClientOptions = {}) {
    super()
    this.#endpoints = endpoints
    this.#login = login
    this.#options = options
  }

  /** Follows the endpoints from now on. Resolves when all bindings behind those that are known now were seen. */
  async start(): Promise<void> {
    this.#endpoints.on('added', (url) => void this.#follow(url))
    this.#endpoints.on('removed', (url) => this.#leave(url))
    await Promise.all(this.#endpoints.urls.map((url) => this.#follow(url)))
  }

  stop(): void {
    for (const { stopping, client } of this.#followed.values()) {
      stopping.abort()
      client.close()
    }
    this.#followed.clear()
  }

  get(name: string): LogicalCluster | undefined {
    return this.#clusters.get(name)
  }

  /** By name. */
  get all(): LogicalCluster[] {
    return [...this.#clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #follow(url: string): Promise<void> {
    if (this.#followed.has(url)) return Promise.resolve()
    const client = new KubeClient({ ...this.#login, server: url }, this.#options)
    const followed: Followed = { client, bindings: new Map(), stopping: new AbortController() }
    this.#followed.set(url, followed)
    return new Promise((resolve) => {
      watchResource(
        client.below('/clusters/*'),
        { ...BINDINGS, clusterOf },
        {
          upsert: (object) => this.#take(url, followed, object),
          delete: (gone) => this.#drop(followed, gone),
          synced: () => resolve(),
          report: (event) => void this.emit('watch', url, event),
        },
        { signal: followed.stopping.signal },
      )
    })
  }

  #leave(url: string): void {
    const followed = this.#followed.get(url)
    if (followed === undefined) return
    this.#followed.delete(url)
    followed.stopping.abort()
    for (const name of followed.bindings.keys()) this.#forget(name)
    followed.client.close()
  }

  /** A logical cluster is there with its first Ready binding, and stays until the last one is gone (contract 13.6). */
  #take(url: string, { client, bindings }: Followed, object: Binding): void {
    const name = clusterOf(object)
    const known = bindings.get(name)
    if (known === undefined && !isReady(object)) return
    bindings.set(name, (known ?? new Set()).add(object.metadata.name))
    if (known !== undefined) return
    const path = object.metadata.annotations?.[PATH_ANNOTATION] ?? name
    const cluster = { name, path, endpoint: url, client: client.below(`/clusters/${name}`) }
    this.#clusters.set(name, cluster)
    this.emit('joined', cluster)
  }

  #drop({ bindings }: Followed, { cluster = '', name }: Gone): void {
    const known = bindings.get(cluster)
    known?.delete(name)
    if (known?.size !== 0) return
    bindings.delete(cluster)
    this.#forget(cluster)
  }

  #forget(name: string): void {
    const cluster = this.#clusters.get(name)
    if (cluster === undefined) return
    this.#clusters.delete(name)
    this.emit('left', cluster)
  }
}

function clusterOf({ metadata }: WatchedObject): string {
  return metadata.annotations?.[CLUSTER_ANNOTATION] ?? ''
}

function isReady({ status }: Binding): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
}
