import { Attempts, KeyQueue } from '@resource-broker/bus'

type Report = (key: string, error: unknown, retryInMs: number) => void

/** Reconciles names that something happened to: one run at a time for each, and after an error again, later each time. */
export class WorkQueue {
  readonly #queue: KeyQueue<null>
  readonly #attempts = new Attempts()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(concurrency: number, reconcile: (name: string) => Promise<void>, failed: Report) {
    this.#queue = new KeyQueue(concurrency, async (name) => {
      clearTimeout(this.#timers.get(name))
      this.#timers.delete(name)
      try {
        await reconcile(name)
        this.#attempts.done(name)
      } catch (error) {
        const retryInMs = this.#attempts.failed(name, performance.now())
        failed(name, error, retryInMs)
        this.later(name, retryInMs)
      }
    })
  }

  push(name: string): void {
    this.#queue.push(name, null)
  }

  later(name: string, ms: number): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.set(name, setTimeout(() => this.push(name), ms).unref())
  }

  /** Starts nothing more and resolves when what runs has ended. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.#queue.stop()
  }
}
