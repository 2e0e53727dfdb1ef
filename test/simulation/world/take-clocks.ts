import type { SeededRandom } from '../../support/seeded-random.ts'
import { running, type Timer, type VirtualTime } from './virtual-time.ts'

/** What stands for a timer of Node. */
class SimulatedTimeout {
  readonly #arm: () => Timer
  #timer: Timer

  constructor(arm: () => Timer) {
    this.#arm = arm
    this.#timer = arm()
  }

  cancel(): void {
    this.#timer.cancelled = true
  }

  refresh(): this {
    this.cancel()
    this.#timer = this.#arm()
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return false
  }
}

/**
 * Gives the code of simulated processes the world's time and chance in the place of the machine's: timers, the clock, and random
 * numbers. Code of nobody's keeps the machine's. Returns what gives everything back.
 */
export function takeClocks(time: VirtualTime, random: SeededRandom): () => void {
  const own = {
    setTimeout,
    clearTimeout,
    now: Date.now,
    elapsed: performance.now.bind(performance),
    random: Math.random,
  }
  const simulated = {
    setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const process = running.getStore()
      if (process === undefined) return own.setTimeout(run, ms, ...args)
      return new SimulatedTimeout(() => time.after(ms, () => run(...args), process))
    },
    clearTimeout: (timer: unknown) => {
      if (timer instanceof SimulatedTimeout) timer.cancel()
      else own.clearTimeout(timer as NodeJS.Timeout)
    },
  }
  Object.assign(globalThis, simulated)
  Date.now = () => {
    const process = running.getStore()
    return process === undefined ? own.now() : time.now + process.clockOffsetMs
  }
  performance.now = () => (running.getStore() === undefined ? own.elapsed() : time.elapsed)
  Math.random = () => (running.getStore() === undefined ? own.random() : random.next())
  return () => {
    Object.assign(globalThis, { setTimeout: own.setTimeout, clearTimeout: own.clearTimeout })
    Date.now = own.now
    performance.now = own.elapsed
    Math.random = own.random
  }
}
