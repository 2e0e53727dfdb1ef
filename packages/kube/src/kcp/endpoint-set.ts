import { EventEmitter } from 'node:events'

type Events = {
  /** A virtual workspace of the export: one for each shard that has consumers of it. */
  added: [url: string]
  removed: [url: string]
}

/**
 * The URLs of an APIExport's virtual workspaces. What was set last holds until it is set anew: while nobody can say where they are,
 * what runs on other shards goes on.
 */
export class EndpointSet extends EventEmitter<Events> {
  readonly #urls = new Set<string>()

  /** In the order of their names. */
  get urls(): readonly string[] {
    return [...this.#urls].sort()
  }

  set(urls: readonly string[]): void {
    for (const url of [...this.#urls].filter((known) => !urls.includes(known))) {
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
