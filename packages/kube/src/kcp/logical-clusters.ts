import { EventEmitter } from 'node:events'
import type { KubeClient } from '../client.ts'
import type { Connections } from './connections.ts'
import type { EndpointSet } from './endpoint-set.ts'
import { clusterOf, PATH_ANNOTATION } from './endpoint-slices.ts'
import { type Binding, ExportBindings, isTrue } from './export-bindings.ts'

/** A logical cluster that is bound to an export, as the export's owner may see it; `path` is that of its workspace. */
export type LogicalCluster = { name: string; client: KubeClient; path: string; endpoint: string }

type Events = {
  joined: [cluster: LogicalCluster]
  left: [cluster: LogicalCluster]
}

/** The logical clusters that are bound to an APIExport, on all shards. Their clients share the connections to each shard. */
export class LogicalClusters extends EventEmitter<Events> {
  /** Where they are seen. */
  readonly bindings: ExportBindings
  /** Names of the bindings of a logical cluster, the first of which was Ready when it joined. */
  readonly #names = new Map<string, Set<string>>()
  readonly #clusters = new Map<string, LogicalCluster>()

  constructor(endpoints: Pick<EndpointSet, 'urls' | 'on'>, connections: Connections) {
    super()
    this.bindings = new ExportBindings(endpoints, connections)
    this.bindings.on('bound', (url, binding) => this.#take(url, binding))
    this.bindings.on('unbound', (_url, { cluster, name }) => this.#drop(cluster, name))
    this.bindings.on('removed', (url) => this.#dropAll(url))
  }

  /** Follows the endpoints from now on; resolves as `ExportBindings.start`. */
  async start(): Promise<void> {
    await this.bindings.start()
  }

  stop(): void {
    this.bindings.stop()
  }

  get(name: string): LogicalCluster | undefined {
    return this.#clusters.get(name)
  }

  /** By name. */
  get all(): LogicalCluster[] {
    return [...this.#clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** A logical cluster is there with its first Ready binding, and stays until the last one is gone (contract 13.6). */
  #take(endpoint: string, binding: Binding): void {
    const name = clusterOf(binding)
    const known = this.#names.get(name)
    if (known === undefined && !isTrue(binding, 'Ready')) return
    this.#names.set(name, (known ?? new Set()).add(binding.metadata.name))
    const client = this.bindings.client(endpoint)
    if (known !== undefined || client === undefined) return
    const path = binding.metadata.annotations?.[PATH_ANNOTATION] ?? name
    const cluster = { name, path, endpoint, client: client.below(`/clusters/${name}`) }
    this.#clusters.set(name, cluster)
    this.emit('joined', cluster)
  }

  #drop(cluster: string, binding: string): void {
    const known = this.#names.get(cluster)
    known?.delete(binding)
    if (known?.size === 0) this.#forget(cluster)
  }

  #dropAll(url: string): void {
    for (const { name, endpoint } of this.all) if (endpoint === url) this.#forget(name)
  }

  #forget(name: string): void {
    const cluster = this.#clusters.get(name)
    this.#names.delete(name)
    this.#clusters.delete(name)
    if (cluster !== undefined) this.emit('left', cluster)
  }
}
