export type SilenceOptions = {
  /** Milliseconds on a clock that only goes forward. */
  now?: () => number
}

/** Requests that may wait for a server before a short silence of it counts: as many as there are connections to it. */
const MANY = 64
/** A server with so many requests answers some of them within this time. */
const SHORT_MS = 1_000
/** A server that gave no answer at all for so long, while it owed one, has fallen silent. */
const LONG_MS = 5_000

/**
 * Notices that an API server answers nobody: a connection that is half open, a process that is stopped. Whoever asks it then is
 * turned away at once instead of waiting for a timeout, so that one silent server does not hold up the work with the others; one
 * request at a time still goes through to find out when it is back.
 */
export class Silence {
  readonly #now: () => number
  #waiting = 0
  /** When the server last answered, or began to owe an answer. */
  #since = 0
  #timedOut = false

  constructor({ now = () => performance.now() }: SilenceOptions = {}) {
    this.#now = now
  }

  /** Whether a request would only wait in vain. */
  get refuses(): boolean {
    if (this.#waiting === 0) return false
    const quietMs = this.#now() - this.#since
    return this.#timedOut || quietMs > LONG_MS || (this.#waiting >= MANY && quietMs > SHORT_MS)
  }

  begin(): void {
    if (this.#waiting++ === 0) this.#since = this.#now()
  }

  /** The server answered, be it that the connection was refused. */
  answered(): void {
    this.#waiting--
    this.#since = this.#now()
    this.#timedOut = false
  }

  /** A request was given up without an answer. */
  gaveUp({ timedOut }: { timedOut: boolean }): void {
    this.#waiting--
    if (timedOut && this.#now() - this.#since > LONG_MS) this.#timedOut = true
  }
}
