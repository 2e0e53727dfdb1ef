import { EventEmitter } from 'node:events'
import type { KubeClient } from '../client.ts'
import type { WatchEvent, WatchedObject } from '../watch/types.ts'
import { watchResource } from '../watch/watch.ts'
import type { Connections } from './connections.ts'
import type { EndpointSet } from './endpoint-set.ts'
import { clusterOf } from './endpoint-slices.ts'

type Condition = { type: string; status: string; reason?: string; message?: string }

/** apis.kcp.io/v1alpha2 APIBinding, as far as it is read here. */
export type Binding = WatchedObject & {
  spec: { reference: { export?: { path?: string; name: string } } }
  status?: {
    phase?: string
    conditions?: Condition[]
    boundResources?: { group: string; resource: string; schema: { identityHash: string } }[]
  }
}

type Events = {
  /** A binding that is new or has changed. */
  bound: [url: string, binding: Binding]
  unbound: [url: string, gone: { cluster: string; name: string }]
  /** All bindings behind an endpoint were seen. */
  synced: [url: string]
  /** The endpoint is no more, and with it all that was seen there. */
  removed: [url: string]
  watch: [url: string, event: WatchEvent]
}

type Followed = { client: KubeClient; stopping: AbortController; isSynced: boolean }

const BINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }

/**
 * The APIBindings that an export's virtual workspaces show, by one watch for each shard: neither watches nor connections grow with
 * the number of workspaces.
 */
export class ExportBindings extends EventEmitter<Events> {
  readonly #endpoints: Pick<EndpointSet, 'urls' | 'on'>
  readonly #connections: Connections
  readonly #followed = new Map<string, Followed>()

  constructor(endpoints: Pick<EndpointSet, 'urls' | 'on'>, connections: Connections) {
    super()
    this.#endpoints = endpoints
    this.#connections = connections
  }

  /**
   * Follows the endpoints from now on. Resolves when of each that is known now all bindings were seen, or that it does not answer:
   * a shard that is away holds up nobody.
   */
  async start(): Promise<void> {
    this.#endpoints.on('added', (url) => void this.#follow(url))
    this.#endpoints.on('removed', (url) => this.#leave(url))
    await Promise.all(this.#endpoints.urls.map((url) => this.#follow(url)))
  }

  stop(): void {
    for (const { stopping } of this.#followed.values()) stopping.abort()
    this.#followed.clear()
  }

  /** The virtual workspace itself; what is in it is below `/clusters/<name>`. */
  client(url: string): KubeClient | undefined {
    return this.#followed.get(url)?.client
  }

  /** Endpoints of which all bindings were seen. */
  get synced(): string[] {
    return [...this.#followed].flatMap(([url, { isSynced }]) => (isSynced ? [url] : []))
  }

  /** Every endpoint's bindings were seen: what is not known is not there. */
  get isComplete(): boolean {
    return this.synced.length === this.#followed.size
  }

  #follow(url: string): Promise<void> {
    if (this.#followed.has(url)) return Promise.resolve()
    const client = this.#connections.at(url)
    const followed: Followed = { client, stopping: new AbortController(), isSynced: false }
    this.#followed.set(url, followed)
    return new Promise((resolve) => {
      watchResource(
        client.below('/clusters/*'),
        { ...BINDINGS, clusterOf },
        {
          upsert: (object) => void this.emit('bound', url, object as Binding),
          delete: ({ cluster = '', name }) => void this.emit('unbound', url, { cluster, name }),
          synced: () => {
            followed.isSynced = true
            this.emit('synced', url)
            resolve()
          },
          report: (event) => {
            this.emit('watch', url, event)
            if (event.type === 'disconnected' || event.type === 'absent') resolve()
          },
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
    this.emit('removed', url)
  }
}

/** Of a condition that says True. */
export function isTrue({ status }: Binding, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
}
