import type { Clock } from '../clock.ts'
import type { Outcome, PartitionConsumerOptions } from '../consumer-options.ts'
import { isTerminal } from '../errors.ts'
import type { ParkedKey } from '../parked.ts'
import { KeyQueue } from './key-queue.ts'
import type { Tenure } from './tenure.ts'

type Options = Pick<PartitionConsumerOptions<never>, 'service' | 'concurrency' | 'report'>

type Surroundings<M> = {
  clock: Clock
  reconcile: (key: string, attempt: number, tenure: Tenure<M>) => Promise<Outcome>
  park: (key: ParkedKey) => void
}

/**
 * Reconciles keys, one run at a time per key, and again when it is time. Nobody has to be told what is left to do: whoever takes a
 * partition over looks at every key.
 */
export class KeyRunner<M = undefined> {
  readonly #options: Options
  readonly #surroundings: Surroundings<M>
  /** The items are the tenures in which somebody asked. */
  readonly #queue: KeyQueue<Tenure<M>>

  constructor(options: Options, surroundings: Surroundings<M>) {
    this.#options = options
    this.#surroundings = surroundings
    this.#queue = new KeyQueue(options.concurrency, (key, tenures) => this.#run(key, tenures))
  }

  push(key: string, tenure: Tenure<M>): void {
    this.#queue.push(key, tenure)
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

  async #run(key: string, tenures: Tenure<M>[]): Promise<void> {
    const tenure = tenures.findLast(({ isOpen }) => isOpen)
    if (tenure === undefined) return // what was asked for in a tenure that is over is void
    tenure.looks(key)
    const { clock, reconcile } = this.#surroundings
    const started = clock.now()
    try {
      tenure.fence.check()
      const outcome = await reconcile(key, tenure.attempts.begin(key), tenure)
      if ('requeueAfterMs' in outcome) {
        const { requeueAfterMs: retryInMs, reason } = outcome
        tenure.attempts.waits(key)
        this.#options.report?.({ type: 'requeued', key, reason, retryInMs })
        return this.#lookLater(key, tenure, retryInMs)
      }
      tenure.attempts.done(key)
      this.#options.report?.({ type: 'reconciled', key, seconds: (clock.now() - started) / 1000 })
      if (outcome.againAfterMs !== undefined) this.#lookLater(key, tenure, outcome.againAfterMs)
    } catch (error) {
      this.#failed(key, tenure, error)
    }
  }

  #failed(key: string, tenure: Tenure<M>, error: unknown): void {
    if (tenure.isOver) this.#options.report?.({ type: 'given up', key, error })
    else if (isTerminal(error)) this.#park(key, tenure, error)
    else {
      const retryInMs = tenure.attempts.failed(key, this.#surroundings.clock.now())
      this.#options.report?.({ type: 'failed', key, error, retryInMs })
      this.#lookLater(key, tenure, retryInMs)
    }
  }

  /** A run that comes before makes it needless. */
  #lookLater(key: string, tenure: Tenure<M>, ms: number): void {
    tenure.lookLater(key, ms, () => this.#queue.push(key, tenure))
  }

  #park(key: string, tenure: Tenure<M>, { message: reason }: Error): void {
    tenure.attempts.done(key)
    const parkedAt = new Date(this.#surroundings.clock.now()).toISOString()
    this.#surroundings.park({ service: this.#options.service, key, reason, parkedAt })
    this.#options.report?.({ type: 'parked', key, reason })
  }
}
