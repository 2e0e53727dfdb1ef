/** What time it is and what is due later, for everything whose order a simulation decides. */
export type Clock = {
  /** Milliseconds since 1970. */
  now: () => number
  /** Calls `run` after `ms`, unless it is taken back by what this returns. Keeps no process alive. */
  after: (ms: number, run: () => void) => () => void
}

/** Node takes a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS)).unref()
    return () => clearTimeout(timer)
  },
}
