import { Attempts } from './attempts.ts'
import type { Outcome, PartitionConsumerOptions } from './consumer-options.ts'
import { isTerminal } from './errors.ts'
import { KeyQueue } from './key-queue.ts'
import type { ParkedKey } from './parked.ts'

/** Node takes a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

type Options = Pick<PartitionConsumerOptions<never>, 'service' | 'concurrency' | 'report'>

type Surroundings = {
  /** The turn in which the key's partition is; what was asked for in earlier turns is void. */
  turnOf: (key: string) => number
  reconcile: (key: string, attempt: number) => Promise<Outcome>
  park: (key: ParkedKey) => void
}

/**
 * Reconciles keys, one run at a time per key, and again when it is time. Nobody has to be told what is left to do: whoever takes a
 * partition over looks at every key.
 */
export class KeyRunner {
  readonly #options: Options
  readonly #surroundings: Surroundings
  /** The items are the turns in which somebody asked. */
  readonly #queue: KeyQueue<number>
  readonly #attempts = new Attempts()
  /** Looks that are due later. */
  readonly #later = new Map<string, NodeJS.Timeout>()

  constructor(options: Options, surroundings: Surroundings) {
    this.#options = options
    this.#surroundings = surroundings
    this.#queue = new KeyQueue(options.concurrency, (key, turns) => this.#run(key, turns))
  }

  push(key: string, turn: number): void {
    this.#queue.push(key, turn)
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Resolves when no key that `matches` runs. */
  settled(matches: (key: string) => boolean): Promise<void> {
    return this.#queue.settled(matches)
  }

  /** Resolves when what runs has ended; starts nothing more. */
  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #run(key: string, turns: number[]): Promise<void> {
    const turn = this.#surroundings.turnOf(key)
    if (!turns.includes(turn)) return
    clearTimeout(this.#later.get(key)) // this is the look
    this.#later.delete(key)
    const started = performance.now()
    try {
      const outcome = await this.#surroundings.reconcile(key, this.#attempts.begin(key))
      if ('requeueAfterMs' in outcome) {
        const { requeueAfterMs: retryInMs, reason } = outcome
        this.#attempts.waits(key)
        this.#options.report?.({ type: 'requeued', key, reason, retryInMs })
        return this.#lookLater(key, turn, retryInMs)
      }
      this.#attempts.done(key)
      this.#options.report?.({ type: 'reconciled', key, seconds: (performance.now() - started) / 1000 })
    } catch (error) {
      if (isTerminal(error)) return this.#park(key, error)
      const retryInMs = this.#attempts.failed(key)
      this.#options.report?.({ type: 'failed', key, error, retryInMs })
      this.#lookLater(key, turn, retryInMs)
    }
  }

  /** A run that comes before makes it needless. */
  #lookLater(key: string, turn: number, ms: number): void {
    const push = () => {
      this.#later.delete(key)
      if (this.#surroundings.turnOf(key) === turn) this.#queue.push(key, turn)
    }
    clearTimeout(this.#later.get(key))
    this.#later.set(key, setTimeout(push, Math.min(ms, LONGEST_TIMER_MS)).unref())
  }

  #park(key: string, { message: reason }: Error): void {
    this.#attempts.done(key)
    this.#surroundings.park({ service: this.#options.service, key, reason, parkedAt: new Date().toISOString() })
    this.#options.report?.({ type: 'parked', key, reason })
  }
}
