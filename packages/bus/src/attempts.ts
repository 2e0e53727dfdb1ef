const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000

/** How often each key was looked at since it last was done with, and how often that failed. */
export class Attempts {
  readonly #of = new Map<string, { attempts: number; failures: number }>()

  /** The number of the attempt that begins now, from 1; `deliveries` counts those of other replicas too. */
  begin(key: string, deliveries: number): number {
    return Math.max((this.#of.get(key)?.attempts ?? 0) + 1, deliveries)
  }

  /** To be looked at again, without a fault. */
  waits(key: string): void {
    this.#of.set(key, { attempts: (this.#of.get(key)?.attempts ?? 0) + 1, failures: 0 })
  }

  /** Answers the milliseconds until the next attempt: twice as long after each failure in a row. */
  failed(key: string, deliveries: number): number {
    const { attempts = 0, failures = 0 } = this.#of.get(key) ?? {}
    const inARow = failures === 0 && attempts === 0 ? Math.max(deliveries, 1) : failures + 1
    this.#of.set(key, { attempts: attempts + 1, failures: inARow })
    return Math.min(FIRST_RETRY_MS * 2 ** Math.min(inARow - 1, 16), LAST_RETRY_MS)
  }

  done(key: string): void {
    this.#of.delete(key)
  }
}
