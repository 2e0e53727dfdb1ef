import type { KubeError } from './errors.ts'

/** A server is not trusted to ask for more, in seconds. */
const LONGEST_S = 30
/** What the Retry-After of kube-apiserver says, used where an answer has none. */
const USUAL_S = 1

export type PatienceOptions = { random: () => number; onAsked: (seconds: number) => void }

/** Holds all requests to one API server back for as long as that server asked for. */
export class Patience {
  readonly #options: PatienceOptions
  /** Milliseconds of `performance.now`. */
  #until = 0
  /** The answer that asked. */
  #because: KubeError | undefined

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /** The server asked for patience by this answer. */
  asked(because: KubeError): void {
    const wanted = Math.min(Math.max(because.retryAfterSeconds ?? USUAL_S, 0), LONGEST_S)
    this.#because = because
    this.#until = Math.max(this.#until, performance.now() + wanted * 1000)
    this.#options.onAsked(wanted)
  }

  /**
   * Undefined while nobody asked for patience, so that the usual request does not wait a turn of the loop.
   * @param giveUpAt milliseconds of `performance.now`: whoever cannot wait for longer gets the answer that asked at once
   * @throws {KubeError}
   */
  over(signal?: AbortSignal, giveUpAt = Number.POSITIVE_INFINITY): Promise<void> | undefined {
    const now = performance.now()
    const left = this.#until - now
    if (left <= 0) return undefined
    if (now + left > giveUpAt) throw this.#because
    // All that wait would come back in one burst: a quarter more, each another part of it.
    return pause(left * (1 + this.#options.random() / 4), signal, { rejects: true })
  }
}

/** Resolves after `ms`; an abort of `signal` ends it early, or with `rejects` makes it throw the signal's reason. */
export function pause(ms: number, signal?: AbortSignal, { rejects = false } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      if (rejects && signal?.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
  })
}
