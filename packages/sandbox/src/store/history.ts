import { inRange } from './object-tree.ts'
import { CompactedError, type Range, type StoreEvent } from './types.ts'

/** The latest changes, one per revision without gaps. */
export class History {
  readonly #limit: number
  /** Ring: the event of revision r stands at `(r - start) % limit`. */
  readonly #events: (StoreEvent | undefined)[] = []
  readonly #start: number
  #latest: number
  #compacted: number

  /** `revision` is that of the state before the first event. */
  constructor(limit: number, revision: number) {
    this.#limit = limit
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
    this.#events[this.#slot(this.#latest)] = event
    this.#compacted = Math.max(this.#compacted, this.#latest - this.#limit)
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
    const until = Math.min(revision, this.#latest)
    const from = Math.max(this.#compacted, this.#latest - this.#limit) + 1
    for (let old = from; old <= until; old++) this.#events[this.#slot(old)] = undefined
    this.#compacted = Math.max(this.#compacted, until)
  }

  #slot(revision: number): number {
    return (revision - this.#start) % this.#limit
  }
}
