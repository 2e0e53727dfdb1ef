import { AsyncLocalStorage } from 'node:async_hooks'
import type { Process } from './process.ts'
import { TaskQueue } from './task-queue.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

export type Timer = { cancelled: boolean }

/** Whose code runs. */
export const running = new AsyncLocalStorage<Process>()

/** The one clock and the one queue of a simulated world: nothing happens but a task whose time has come. */
export class VirtualTime {
  readonly #tasks = new TaskQueue()
  #now = START
  #order = 0
  /** Tasks that ran. */
  steps = 0

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#now - START
  }

  /** Runs something of the world's own, or with `owner` of a process: not once that is dead, and later while it is frozen. */
  after(ms: number, run: () => void, owner?: Process): Timer {
    const timer: Timer = { cancelled: false }
    const task = () => {
      if (timer.cancelled || owner?.isDead) return
      if (owner?.state === 'frozen') owner.held.push(task)
      else if (owner === undefined) running.exit(run)
      else running.run(owner, run)
    }
    this.#tasks.push({ at: this.#now + Math.max(0, ms), order: this.#order++, run: task })
    return timer
  }

  /** Runs the next task and all that follows from it at once. Returns false if there is none before `until`. */
  async step(until: number): Promise<boolean> {
    const next = this.#tasks.peek()
    if (next === undefined || next.at - START > until) return false
    this.#tasks.pop()
    this.#now = Math.max(this.#now, next.at)
    this.steps++
    next.run()
    await settled()
    return true
  }
}

const { setImmediate: immediately } = globalThis

/** Everything that waits for no task has run: the loop turns only when promises and ticks are through. */
const settled = (): Promise<void> => new Promise((resolve) => void immediately(resolve))
