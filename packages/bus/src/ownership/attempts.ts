const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000

/** How often each key was looked at since it last was done with, and how often that failed. */
export class Attempts {
  readonly #of = new Map<string, { attempts: number; failures: number }>()

  /** The number of the attempt that begins now, from 1. */
  begin(key: string): number {
    return (this.#of.get(key)?.attempts ?? 0) + 1
  }

  /** To be looked at again, without a fault. */
  waits(key: string): void {
    this.#of.set(key, { attempts: (this.#of.get(key)?.attempts ?? 0) + 1, failures: 0 })
  }

  /** Answers the milliseconds until the next attempt: twice as long after each failure in a row. */
  failed(key: string): number {
    const { attempts = 0, failures = 0 } = this.#of.get(key) ?? {}
    this.#of.set(key, { attempts: attempts + 1, failures: failures + 1 })
    return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 16), LAST_RETRY_MS)
  }

  done(key: string): void {
    this.#of.delete(key)
  }
}
