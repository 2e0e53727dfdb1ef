import { ConnectionError } from '@resource-broker/kube'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import type { ApiServer, Change } from './api-server.ts'
import { rendered, withVersion } from './rendered.ts'
import type { ApiRequest, Sent } from './request.ts'

type Options = {
  time: VirtualTime
  server: ApiServer
  request: Sent & { signal: AbortSignal }
  /** Milliseconds from the server to whoever watches. */
  delay: () => number
  who: Process | undefined
}

/** The answer to a watch: the events of one collection, each a line, in their order, later than they were. */
export class WatchStream {
  readonly statusCode = 200
  readonly headers = {}
  readonly #options: Options
  readonly #request: ApiRequest
  readonly #unfollow: () => void
  readonly #unbreak: () => void
  #due = 0
  #buffered: Buffer[] = []
  #wake: (() => void) | undefined
  #error: Error | undefined
  #ended = false

  constructor(options: Options) {
    this.#options = options
    const { server, request } = options
    this.#request = server.read(request)
    const { query } = this.#request
    request.signal.addEventListener('abort', () => this.#end(request.signal.reason as Error), { once: true })
    this.#unfollow = server.follow((change) => this.#tell(change))
    if (query.get('sendInitialEvents') === 'true') this.#tellAll()
    else for (const change of server.since(Number(query.get('resourceVersion') ?? 0))) this.#tell(change)
    this.#unbreak = server.onTrouble(this.#request.place, () =>
      this.#end(new ConnectionError(`${server.name}: the watch broke off`)),
    )
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#buffered.length > 0) yield this.#buffered.shift() as Buffer
      if (this.#error !== undefined) throw this.#error
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  destroy(): void {
    this.#end(undefined)
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#unfollow()
    this.#unbreak()
    this.#wake?.()
  }

  #tellAll(): void {
    const { server } = this.#options
    const { metadataOnly } = this.#request
    for (const entry of server.selected(this.#request)) this.#send('ADDED', rendered(entry, metadataOnly))
    const metadata = { resourceVersion: String(server.version), annotations: { 'k8s.io/initial-events-end': 'true' } }
    this.#send('BOOKMARK', { kind: 'Bookmark', metadata })
  }

  #tell({ type, place, entry, before }: Change): void {
    const { metadataOnly } = this.#request
    if (place.resource !== this.#request.place.resource) return
    const { server } = this.#options
    const is = type !== 'DELETED' && server.selects(this.#request, place, entry.object)
    const was = before !== undefined && server.selects(this.#request, place, before.object)
    if (is) this.#send(was ? 'MODIFIED' : 'ADDED', rendered(entry, metadataOnly))
    // What goes out of the selection is told of as it was when it was in.
    else if (was)
      this.#send('DELETED', rendered(withVersion(before, entry.object.metadata.resourceVersion), metadataOnly))
  }

  #send(type: string, object: object): void {
    const { time, delay, who } = this.#options
    this.#due = Math.max(this.#due, time.elapsed + delay())
    const line = Buffer.from(`${JSON.stringify({ type, object })}\n`)
    const arrive = () => {
      if (this.#ended) return
      this.#buffered.push(line)
      this.#wake?.()
    }
    time.after(this.#due - time.elapsed, arrive, who)
  }
}
