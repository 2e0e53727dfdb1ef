import { setTimeout as delay } from 'node:timers/promises'

type Options = {
  /** What an attempt failed with, and in how many milliseconds there is another. */
  failed: (key: string, error: unknown, retryInMs: number) => void
  firstRetryMs?: number
  lastRetryMs?: number
}

type Attempt = (signal: AbortSignal) => Promise<void>
type Task = { stopping: AbortController; ended: Promise<void> }

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

/** Does one thing at a time for each key, and what failed again, later each time: one that cannot be served holds up no other. */
export class Retries {
  readonly #options: Options
  readonly #tasks = new Map<string, Task>()

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Resolves when the first attempt has ended, well or not. An attempt for the same key that is under way comes to its end before,
   * and its own signal aborts for that; it is not repeated. Nor is this one after an abort of `signal`.
   */
  run(key: string, attempt: Attempt, signal: AbortSignal): Promise<void> {
    const before = this.drop(key)
    const stopping = new AbortController()
    const until = AbortSignal.any([signal, stopping.signal])
    return new Promise((tried) => {
      const task: Task = { stopping, ended: before.then(() => this.#repeat(key, attempt, until, tried)) }
      this.#tasks.set(key, task)
      void task.ended.then(() => {
        tried()
        if (this.#tasks.get(key) === task) this.#tasks.delete(key)
      })
    })
  }

  /** Nothing more is to be done for the key; resolves when what is under way has ended. */
  drop(key: string): Promise<void> {
    const task = this.#tasks.get(key)
    task?.stopping.abort()
    return task?.ended ?? Promise.resolve()
  }

  async #repeat(key: string, attempt: Attempt, signal: AbortSignal, tried: () => void): Promise<void> {
    const { failed, firstRetryMs = FIRST_RETRY_MS, lastRetryMs = LAST_RETRY_MS } = this.#options
    for (let wait = firstRetryMs; !signal.aborted; wait = Math.min(wait * 2, lastRetryMs)) {
      try {
        return await attempt(signal)
      } catch (error) {
        if (signal.aborted) return
        failed(key, error, wait)
      }
      tried()
      await delay(wait, undefined, { signal }).catch(() => undefined)
    }
  }
}
