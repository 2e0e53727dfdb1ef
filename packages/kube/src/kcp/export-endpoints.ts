import type { KubeClient } from '../client.ts'
import type { WatchEvent } from '../watch/types.ts'
import { watchResource } from '../watch/watch.ts'
import { EndpointSet } from './endpoint-set.ts'
import { ENDPOINT_SLICES, type EndpointSlice, urlsOf } from './endpoint-slices.ts'

/** Where an APIExport's virtual workspaces are, as one APIExportEndpointSlice says. */
export class ExportEndpoints extends EndpointSet {
  readonly #home: KubeClient
  readonly #slice: string
  readonly #report: (event: WatchEvent) => void
  readonly #stopping = new AbortController()

  /** `home` is the workspace that the slice is in; `report` hears how the watch on it fares. */
  constructor(home: KubeClient, slice: string, report: (event: WatchEvent) => void = () => undefined) {
    super()
    this.#home = home
    this.#slice = slice
    this.#report = report
  }

  /** Follows the slice from now on; resolves when it is known for the first time, be it that there is none. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      watchResource(
        this.#home,
        { ...ENDPOINT_SLICES, fieldSelector: `metadata.name=${this.#slice}` },
        {
          upsert: (object) => this.set(urlsOf(object as EndpointSlice)),
          delete: () => this.set([]),
          synced: () => resolve(),
          report: this.#report,
        },
        { signal: this.#stopping.signal },
      )
    })
  }

  stop(): void {
    this.#stopping.abort()
  }
}
