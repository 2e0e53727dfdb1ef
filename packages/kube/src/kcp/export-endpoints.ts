import { EventEmitter } from 'node:events'
import type { KubeClient } from '../client.ts'
import type { WatchEvent } from '../watch/types.ts'
import { watchResource } from '../watch/watch.ts'

type Events = {
  /** A virtual workspace of the export: one for each shard that has consumers of it. */
  added: [url: string]
  removed: [url: string]
  watch: [event: WatchEvent]
}

type Slice = { metadata: { name: string }; status?: { endpoints?: { url: string }[] } }

const SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices' }

/**
 * Where an APIExport's virtual workspaces are, as one APIExportEndpointSlice says. The last that it said holds while its API server is
 * away: what runs on other shards goes on.
 */
export class ExportEndpoints extends EventEmitter<Events> {
  readonly #home: KubeClient
  readonly #slice: string
  readonly #stopping = new AbortController()
  readonly #urls = new Set<string>()

  /** `home` is the workspace that the slice is in. */
  constructor(home: KubeClient, slice: string) {
    super()
    this.#home = home
    this.#slice = slice
  }

  /** By name of their URLs. */
  get urls(): readonly string[] {
    return [...this.#urls].sort()
  }

  /** Follows the slice from now on; resolves when it is known for the first time, be it that there is none. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      watchResource(
        this.#home,
        { ...SLICES, fieldSelector: `metadata.name=${this.#slice}` },
        {
          upsert: (object) => this.#take(object as Slice),
          delete: () => this.#set([]),
          synced: () => resolve(),
          report: (event) => void this.emit('watch', event),
        },
        { signal: this.#stopping.signal },
      )
    })
  }

  stop(): void {
    this.#stopping.abort()
  }

  #take({ status }: Slice): void {
    this.#set((status?.endpoints ?? []).map(({ url }) => url))
  }

  #set(urls: readonly string[]): void {
    const gone = [...this.#urls].filter((url) => !urls.includes(url))
    for (const url of gone) {
      this.#urls.delete(url)
      this.emit('removed', url)
    }
    for (const url of urls) {
      if (this.#urls.has(url)) continue
      this.#urls.add(url)
      this.emit('added', url)
    }
  }
}
