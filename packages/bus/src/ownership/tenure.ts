import type { Clock } from '../clock.ts'
import type { Fence } from '../consumer-options.ts'
import { OwnershipLostError } from '../errors.ts'
import type { Address } from '../layout.ts'
import { PartitionView } from '../partition-view.ts'
import type { Snapshot } from '../snapshots.ts'
import { Attempts } from './attempts.ts'

/** What the stream delivered of one key; without a snapshot: of the partition as a whole. */
export type Delivery = { address: Address; snapshot: Snapshot | undefined }

/**
 * One time that a replica owns a partition, and everything that it remembers meanwhile. It ends once, and what a run that outlives
 * it still notes down here is nobody's.
 */
export class Tenure<M = undefined> {
  readonly memory: M
  readonly attempts = new Attempts()
  readonly fence: Fence
  view = new PartitionView()
  /** What was delivered while the view is being loaded; undefined once it is. */
  #waiting: Delivery[] | undefined = []
  readonly #clock: Clock
  readonly #ending = new AbortController()
  /** Takes back the looks that are due later, by key. */
  readonly #later = new Map<string, () => void>()
  #isClosed = false

  /** `doubt` ends this tenure if the ownership is not certain at that moment. */
  constructor(clock: Clock, memory: M, doubt: () => void) {
    this.#clock = clock
    this.memory = memory
    const { signal } = this.#ending
    const check = () => {
      if (!signal.aborted) doubt()
      signal.throwIfAborted()
    }
    this.fence = { signal, check }
  }

  get isOver(): boolean {
    return this.#ending.signal.aborted
  }

  /** Whether runs may begin. */
  get isOpen(): boolean {
    return !this.#isClosed && !this.isOver && this.#waiting === undefined
  }

  /** Keeps a delivery until the view is loaded; false: it is, and the delivery is to be taken. */
  keep(delivery: Delivery): boolean {
    this.#waiting?.push(delivery)
    return this.#waiting !== undefined
  }

  /** Takes over what was loaded; answers what was delivered meanwhile. */
  loaded(view: PartitionView): Delivery[] {
    const waiting = this.#waiting ?? []
    this.view = view
    this.#waiting = undefined
    return waiting
  }

  /** Looks at a key after `ms`, unless it is looked at before. */
  lookLater(key: string, ms: number, look: () => void): void {
    this.#later.get(key)?.()
    if (!this.isOpen) return
    const run = () => {
      this.#later.delete(key)
      look()
    }
    this.#later.set(key, this.#clock.after(ms, run))
  }

  /** A look at a key makes needless the one that was due later. */
  looks(key: string): void {
    this.#later.get(key)?.()
    this.#later.delete(key)
  }

  /** No run begins any more. */
  close(): void {
    this.#isClosed = true
    for (const takeBack of this.#later.values()) takeBack()
    this.#later.clear()
  }

  /** @param partition to be named to whoever still runs */
  end(partition: number): void {
    this.close()
    this.#ending.abort(new OwnershipLostError(`partition ${partition} may be another replica's by now`))
  }
}
