import type { JsMsg } from '@nats-io/jetstream'
import { Attempts } from './attempts.ts'
import type { Outcome, PartitionConsumerOptions } from './consumer-options.ts'
import { isTerminal } from './errors.ts'
import { KeyQueue } from './key-queue.ts'
import type { ParkedMessage } from './parked.ts'
import { atEndOfTurn } from './turn.ts'

/** A reason to look at a key: a message, or nothing but the wish. */
type Item = { turn: number; message?: JsMsg }

/** Node takes a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

type Surroundings = {
  /** The turn in which the key's partition is; items of earlier turns are void. */
  turnOf: (key: string) => number
  reconcile: (key: string, attempt: number) => Promise<Outcome>
  park: (message: ParkedMessage) => void
}

/** Reconciles keys, one run at a time per key, and answers the server for the messages that were the reason. */
export class KeyRunner {
  readonly #options: PartitionConsumerOptions
  readonly #surroundings: Surroundings
  readonly #queue: KeyQueue<Item>
  readonly #attempts = new Attempts()
  /** Looks that are due later, and that no message brings. */
  readonly #later = new Map<string, NodeJS.Timeout>()

  constructor(options: PartitionConsumerOptions, surroundings: Surroundings) {
    this.#options = options
    this.#surroundings = surroundings
    this.#queue = new KeyQueue(options.concurrency, (key, items) => this.#run(key, items))
  }

  push(key: string, item: Item): void {
    this.#queue.push(key, item)
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Messages that wait or are worked on. */
  *unfinished(): IterableIterator<JsMsg> {
    for (const { message } of this.#queue.pending()) if (message !== undefined) yield message
  }

  /** Gives the messages of keys that wait back to the server; resolves when none of those keys runs. */
  async handBack(matches: (key: string) => boolean): Promise<void> {
    for (const [key, { message }] of this.#queue.waiting()) if (matches(key)) quietly(() => message?.nak())
    await this.#queue.settled(matches)
  }

  /** Resolves when what runs has ended; starts nothing more. */
  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #run(key: string, items: Item[]): Promise<void> {
    const turn = this.#surroundings.turnOf(key)
    const current = items.filter((item) => item.turn === turn)
    if (current.length === 0) return // the server delivers again what is not acknowledged
    clearTimeout(this.#later.get(key)) // this is the look
    this.#later.delete(key)
    const messages = current.flatMap(({ message }) => message ?? [])
    const deliveries = Math.max(1, ...messages.map((message) => message.info.deliveryCount))
    const started = performance.now()
    try {
      const outcome = await this.#surroundings.reconcile(key, this.#attempts.begin(key, deliveries))
      if ('requeueAfterMs' in outcome) {
        this.#attempts.waits(key)
        this.#options.report?.({ type: 'requeued', key, reason: outcome.reason, retryInMs: outcome.requeueAfterMs })
        acknowledge(messages)
        return this.#lookLater(key, turn, outcome.requeueAfterMs)
      }
      this.#attempts.done(key)
      acknowledge(messages)
      this.#options.report?.({ type: 'reconciled', key, seconds: (performance.now() - started) / 1000 })
    } catch (error) {
      if (isTerminal(error)) return this.#park(key, messages, error)
      const retryInMs = this.#attempts.failed(key, deliveries)
      this.#options.report?.({ type: 'failed', key, error, retryInMs })
      const newest = messages.pop()
      acknowledge(messages)
      if (newest === undefined) this.#lookLater(key, turn, retryInMs)
      else quietly(() => newest.nak(retryInMs)) // comes again to whoever owns the partition then, and counts how often
    }
  }

  /** A run that comes before makes it needless. Nobody else has to: whoever takes the partition over looks at every key. */
  #lookLater(key: string, turn: number, ms: number): void {
    const push = () => {
      this.#later.delete(key)
      if (this.#surroundings.turnOf(key) === turn) this.#queue.push(key, { turn })
    }
    clearTimeout(this.#later.get(key))
    this.#later.set(key, setTimeout(push, Math.min(ms, LONGEST_TIMER_MS)).unref())
  }

  #park(key: string, messages: JsMsg[], error: Error): void {
    this.#attempts.done(key)
    const parkedAt = new Date().toISOString()
    const subject = messages.at(-1)?.subject ?? key
    const parked = { service: this.#options.service, subject, key, reason: error.message, parkedAt }
    quietly(() => this.#surroundings.park(parked))
    for (const message of messages) quietly(() => message.term(error.message))
    this.#options.report?.({ type: 'parked', key, reason: error.message })
  }
}

function acknowledge(messages: JsMsg[]): void {
  for (const message of messages) atEndOfTurn(() => quietly(() => message.ack()))
}

/** On a connection that was closed nothing can be said; the server delivers again what is not acknowledged. */
export function quietly(say: () => void): void {
  try {
    say()
  } catch {
    // said above
  }
}
