import { inRange } from './object-tree.ts'
import { CompactedError, type Range, type StoreEvent } from './types.ts'

/** `bytes` bounds the past states alone: what is present stands in the store anyway. */
export type HistoryLimits = { changes: number; bytes: number }

/** The latest changes, one per revision without gaps. */
export class History {
  readonly #limits: HistoryLimits
  /** Ring: the event of revision r stands at `(r - start) % limits.changes`. */
  readonly #events: (StoreEvent | undefined)[] = []
  readonly #start: number
  #latest: number
  #compacted: number
  /** Of the past states that the events hold. */
  #bytes = 0

  /** `revision` is that of the state before the first event. */
  constructor(limits: HistoryLimits, revision: number) {
    this.#limits = limits
    this.#start = revision + 1
    this.#latest = revision
    this.#compacted = revision
  }

  /** Events after this revision are known. */
  get compacted(): number {
    return this.#compacted
  }

  push(event: StoreEvent): void {
    this.#latest = event.entry.revision
    this.#forget(this.#latest - this.#limits.changes)
    this.#events[this.#slot(this.#latest)] = event
    this.#bytes += pastBytes(event)
    while (this.#bytes > this.#limits.bytes) this.#forget(this.#compacted + 1)
  }

  /** The changes in `range` after `since`, oldest first. Throws CompactedError. */
  after(since: number, range: Range): StoreEvent[] {
    if (since < this.#compacted) throw new CompactedError(`revision ${since} is older than ${this.#compacted}`)
    const found: StoreEvent[] = []
    for (let revision = since + 1; revision <= this.#latest; revision++) {
      const event = this.#events[this.#slot(revision)] as StoreEvent
      if (inRange(range, event.entry.key)) found.push(event)
    }
    return found
  }

  compact(revision: number): void {
    this.#forget(Math.min(revision, this.#latest))
  }

  #forget(until: number): void {
    for (let old = this.#compacted + 1; old <= until; old++) {
      const slot = this.#slot(old)
      this.#bytes -= pastBytes(this.#events[slot] as StoreEvent)
      this.#events[slot] = undefined
    }
    this.#compacted = Math.max(this.#compacted, until)
  }

  #slot(revision: number): number {
    return (revision - this.#start) % this.#limits.changes
  }
}

/** The state after a change is present, or stands as the one before the next change. */
function pastBytes({ type, entry, previous }: StoreEvent): number {
  return (previous?.bytes.length ?? 0) + (type === 'DELETED' ? entry.bytes.length : 0)
}
