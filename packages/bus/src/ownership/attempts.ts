const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000
/** How long trouble that may pass by itself is kept from people: whoever fails for so long has a turn then, to tell of it. */
export const PASSING_MS = 3_000

/** How often each key was looked at since it last was done with, and how often that failed. */
export class Attempts {
  readonly #of = new Map<string, { attempts: number; failures: number; since: number }>()

  /** The number of the attempt that begins now, from 1. */
  begin(key: string): number {
    return (this.#of.get(key)?.attempts ?? 0) + 1
  }

  /** To be looked at again, without a fault. */
  waits(key: string): void {
    this.#of.set(key, { attempts: (this.#of.get(key)?.attempts ?? 0) + 1, failures: 0, since: 0 })
  }

  /**
   * Answers the milliseconds until the next attempt: twice as long after each failure in a row, and where they have lasted for less than
   * `PASSING_MS` no longer than until they have. `now`: milliseconds of any clock.
   */
  failed(key: string, now: number): number {
    const { attempts = 0, failures = 0, since: before = 0 } = this.#of.get(key) ?? {}
    const since = failures === 0 ? now : before
    this.#of.set(key, { attempts: attempts + 1, failures: failures + 1, since })
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 16), LAST_RETRY_MS)
    const left = since + PASSING_MS - now
    return left > 0 ? Math.min(wait, left) : wait
  }

  done(key: string): void {
    this.#of.delete(key)
  }
}
