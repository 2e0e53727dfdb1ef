import { setImmediate } from 'node:timers/promises'
import type { Store, StoreEvent } from '../../store/types.ts'
import type { ControllerLog } from '../controller-log.ts'
import { type ControllerOptions, keyOf, type Trigger } from './types.ts'

/** Milliseconds that a full queue may keep requests waiting. */
const TURN = 5
const FIRST_DELAY = 5
const LONGEST_DELAY = 30_000

/**
 * Runs `reconcile` for the keys that its triggers name, those of the objects that exist at the start included. One key at
 * a time, each once however often it was named meanwhile.
 */
export class Controller {
  readonly name: string
  private readonly store: Store
  private readonly log: ControllerLog
  private readonly options: ControllerOptions
  private readonly queue = new Set<string>()
  private readonly failures = new Map<string, number>()
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private readonly idlers: (() => void)[] = []
  private unwatch: (() => void)[] = []
  private running = false
  private working = false

  constructor(store: Store, log: ControllerLog, options: ControllerOptions) {
    this.name = options.name
    this.store = store
    this.log = log
    this.options = options
  }

  start(): void {
    if (this.running) return
    this.running = true
    for (const trigger of this.options.triggers) this.follow(trigger)
    this.wake()
  }

  /** Forgets its queue; a key that is being looked at is finished. */
  stop(): void {
    this.running = false
    for (const end of this.unwatch) end()
    this.unwatch = []
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
    this.queue.clear()
    this.failures.clear()
    this.settle()
  }

  /** Resolves when no key waits, other than those that wait for a delay to pass. */
  idle(): Promise<void> {
    if (!this.working && this.queue.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.idlers.push(resolve))
  }

  /** Names a key from outside. */
  enqueue(key: string): void {
    if (!this.running) return
    this.queue.add(key)
    this.wake()
  }

  private follow({ resource, keys = (event) => [keyOf(event.entry.key)] }: Trigger): void {
    const hear = (event: StoreEvent) => {
      for (const key of keys(event)) this.queue.add(key)
      this.wake()
    }
    const everything = resource === '*'
    const end = everything ? this.store.watchAll(hear) : this.store.watch({ resource }, this.store.revision, hear)
    this.unwatch.push(end)
    const present = everything ? this.store.all() : this.store.list({ resource }).entries
    for (const entry of present) hear({ type: 'ADDED', entry })
  }

  private wake(): void {
    if (this.working || !this.running || this.queue.size === 0) return
    this.working = true
    void setImmediate().then(() => this.work())
  }

  private async work(): Promise<void> {
    let began = performance.now()
    for (const key of this.queue) {
      this.queue.delete(key)
      await this.lookAt(key)
      if (!this.running) break
      if (performance.now() - began < TURN) continue
      await setImmediate()
      began = performance.now()
    }
    this.working = false
    this.settle()
  }

  private settle(): void {
    if (this.queue.size === 0 && !this.working) for (const resolve of this.idlers.splice(0)) resolve()
  }

  private async lookAt(key: string): Promise<void> {
    try {
      const again = await this.options.reconcile(key)
      this.failures.delete(key)
      if (again !== undefined) this.later(key, again)
    } catch (error) {
      const failures = this.failures.get(key) ?? 0
      this.failures.set(key, failures + 1)
      this.log.warn({ controller: this.name, key, failures, err: error }, 'reconcile failed')
      this.later(key, Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY))
    }
  }

  private later(key: string, delay: number): void {
    if (!this.running) return
    clearTimeout(this.timers.get(key))
    const timer = setTimeout(() => {
      this.timers.delete(key)
      this.enqueue(key)
    }, delay)
    timer.unref()
    this.timers.set(key, timer)
  }
}
