import type { Range, StoreEvent } from './types.ts'

/** In the place of a resource: all of them. No resource has this name. */
export const EVERY_RESOURCE = '*'

type Listener = (event: StoreEvent) => void
/** `seen` is the revision up to which the listener knows everything. */
type Watcher = { listener: Listener; seen: number; ended: boolean }

const EVERYTHING = keyOf(EVERY_RESOURCE)

/** Who wants to hear of which changes; an event visits those of its resource, cluster and namespace alone. */
export class Watchers {
  readonly #byRange = new Map<string, Set<Watcher>>()
  readonly #queue: StoreEvent[] = []
  readonly #onError: (error: unknown) => void
  #busy = false

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Tells `replay` at once, and later what comes after the revision `seen`. */
  add(range: Range, replay: readonly StoreEvent[], seen: number, listener: Listener): () => void {
    const watcher: Watcher = { listener, seen, ended: false }
    const at = keyOf(range.resource, range.cluster, range.namespace)
    const siblings = this.#byRange.get(at) ?? new Set()
    this.#byRange.set(at, siblings.add(watcher))
    this.#exclusively(() => {
      for (const event of replay) if (!watcher.ended) this.#call(watcher, event)
    })
    return () => {
      watcher.ended = true
      siblings.delete(watcher)
      if (siblings.size === 0 && this.#byRange.get(at) === siblings) this.#byRange.delete(at)
    }
  }

  /** A listener that writes gets its own event after this one reached everybody: each listener sees revisions in order. */
  publish(event: StoreEvent): void {
    this.#queue.push(event)
    this.#exclusively(() => {})
  }

  #exclusively(first: () => void): void {
    if (this.#busy) {
      first()
      return
    }
    this.#busy = true
    try {
      first()
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) this.#deliver(event)
    } finally {
      this.#busy = false
    }
  }

  #deliver(event: StoreEvent): void {
    const { resource, cluster, namespace } = event.entry.key
    this.#tellAll(keyOf(resource), event)
    this.#tellAll(keyOf(resource, cluster), event)
    this.#tellAll(keyOf(resource, undefined, namespace), event)
    this.#tellAll(keyOf(resource, cluster, namespace), event)
    this.#tellAll(EVERYTHING, event)
  }

  #tellAll(at: string, event: StoreEvent): void {
    const watchers = this.#byRange.get(at)
    if (watchers !== undefined) for (const watcher of watchers) this.#tell(watcher, event)
  }

  #tell(watcher: Watcher, event: StoreEvent): void {
    if (watcher.ended || event.entry.revision <= watcher.seen) return
    watcher.seen = event.entry.revision
    this.#call(watcher, event)
  }

  #call(watcher: Watcher, event: StoreEvent): void {
    try {
      watcher.listener(event)
    } catch (error) {
      this.#onError(error)
    }
  }
}

function keyOf(resource: string, cluster?: string, namespace?: string): string {
  return `${resource}\n${cluster === undefined ? '*' : `=${cluster}`}\n${namespace === undefined ? '*' : `=${namespace}`}`
}
