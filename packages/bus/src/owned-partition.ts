import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { Fence } from './consumer-options.ts'
import { OwnershipLostError } from './errors.ts'
import type { Address } from './layout.ts'
import { PartitionView } from './partition-view.ts'

export type Delivery = { message: JsMsg; address: Address }

/** One partition as one replica sees it. What was begun in an earlier turn is void: another replica may have it since. */
export class OwnedPartition<M = undefined> {
  readonly number: number
  readonly #remember: () => M
  #ownership = new AbortController()
  memory: M
  view = new PartitionView()
  messages: ConsumerMessages | undefined
  /** Sequence of the last delivery to this replica; 0: this replica does not own the partition, as far as it knows. */
  lastDelivery = 0
  /** The view is being loaded; deliveries wait in `waiting`. */
  loading = false
  waiting: Delivery[] = []
  turn = 0
  restarting = false
  stopped = false

  constructor(number: number, remember: () => M) {
    this.number = number
    this.#remember = remember
    this.memory = remember()
  }

  /** Of whoever runs now. */
  get fence(): Fence {
    const { signal } = this.#ownership
    return { signal, check: () => signal.throwIfAborted() }
  }

  /** Whether `sequence` follows the last delivery, so that no other replica had the partition in between. */
  follows(sequence: number): boolean {
    const follows = this.lastDelivery > 0 && sequence === this.lastDelivery + 1
    this.lastDelivery = sequence
    return follows
  }

  /** Forgets everything; the next delivery takes the partition over anew. */
  letGo(): void {
    this.#ownership.abort(new OwnershipLostError(`partition ${this.number} may be another replica's by now`))
    this.#ownership = new AbortController()
    this.memory = this.#remember()
    this.view = new PartitionView()
    this.lastDelivery = 0
    this.loading = false
    this.waiting = []
    this.turn++
  }
}
