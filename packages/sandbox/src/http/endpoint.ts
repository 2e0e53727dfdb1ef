import { StatusError } from '../kube/errors.ts'
import type { HttpHandler } from '../kube/http.ts'
import { type Listener, type ListenOptions, listen } from './listen.ts'

/** An address that is served, now or again later: its URL stays the same while its listener comes and goes. */
export class Endpoint {
  readonly url: string
  readonly port: number
  readonly #options: ListenOptions
  #listener: Listener | undefined
  #handler: HttpHandler = notYet

  private constructor(listener: Listener, options: ListenOptions) {
    this.url = listener.url
    this.port = Number(new URL(listener.url).port)
    this.#options = options
    this.#listener = listener
  }

  /** Listens at once, since others need the URL; requests are answered with 503 until `serve`. */
  static async open(options: ListenOptions): Promise<Endpoint> {
    const listener = await listen((request) => endpoint.#handler(request), options)
    const endpoint: Endpoint = new Endpoint(listener, options)
    return endpoint
  }

  serve(handler: HttpHandler): void {
    this.#handler = handler
  }

  /** Listens again after `close`, with the same port and handler. */
  async reopen(): Promise<void> {
    this.#listener ??= await listen((request) => this.#handler(request), { ...this.#options, port: this.port })
  }

  /** As `Listener.close`; nobody listens afterwards. */
  async close(graceMs?: number): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    await listener?.close(graceMs)
  }
}

/**
 * Opens one endpoint for each of `ports`, 0 being any. No URL begins with another: clients find the shard of a URL by its
 * beginning (contract 4.9).
 */
export async function openEndpoints(
  options: Omit<ListenOptions, 'port'>,
  ports: readonly number[],
): Promise<Endpoint[]> {
  const opened: Endpoint[] = []
  const refused: Endpoint[] = []
  try {
    while (opened.length < ports.length) {
      const port = ports[opened.length] ?? 0
      const next = await Endpoint.open({ ...options, port })
      // A refused one is kept open meanwhile, so that its port is not given out again.
      const fits = port !== 0 || opened.every(({ url }) => !url.startsWith(next.url) && !next.url.startsWith(url))
      ;(fits ? opened : refused).push(next)
    }
    return opened
  } catch (error) {
    await Promise.all(opened.map((each) => each.close(0)))
    throw error
  } finally {
    await Promise.all(refused.map((each) => each.close(0)))
  }
}

function notYet(): Promise<never> {
  throw StatusError.unavailable('the sandbox is starting')
}
