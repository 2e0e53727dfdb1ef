import { once } from 'node:events'
import { constants } from 'node:os'
import { whenParentGone } from '../../packages/service/src/parent.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Tells that the user wants the story to end: by a signal, or because `scripts/run.mjs` that started it is gone. */
export class EndSignal {
  readonly #controller = new AbortController()
  #exitCode = 0
  #impatient = false

  constructor() {
    for (const name of SIGNALS) process.on(name, () => this.#end(128 + constants.signals[name]))
    const parent = process.env['BROKER_PARENT']
    if (parent !== undefined)
      whenParentGone(
        Number(parent),
        () => process.ppid,
        () => this.#end(1),
      )
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get asked(): boolean {
    return this.signal.aborted
  }

  /** As a shell tells it: 128 and the signal's number. */
  get exitCode(): number {
    return this.#exitCode
  }

  /** Answers as `work` does, but rejects at once when the end is asked for; `work` then goes on until this process ends. */
  async during<T>(work: Promise<T>): Promise<T> {
    const asked = once(this.signal, 'abort').then(() => this.signal.throwIfAborted())
    return (await Promise.race([work, asked])) as T
  }

  /** From now on a further signal ends this process at once. */
  impatient(): void {
    this.#impatient = true
  }

  #end(exitCode: number): void {
    if (this.#impatient && this.asked) process.exit(exitCode)
    this.#exitCode = exitCode
    this.#controller.abort()
  }
}
