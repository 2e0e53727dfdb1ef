import type { Logger } from 'pino'

/** One thing to stop; it is done when the promise settles. */
export type Stop = () => void | Promise<void>

/** What has to be stopped, last begun first. */
export class StopStack {
  readonly #logger: Logger
  readonly #steps: { name: string; stop: Stop; inner?: StopStack }[] = []
  #running: { name: string; inner?: StopStack } | undefined
  #stopped = false
  #failures = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Adds a step. After the stack was stopped it runs at once: whatever begins late must not stay behind. */
  push(name: string, stop: Stop): void {
    if (this.#stopped) void this.#run(name, stop)
    else this.#steps.push({ name, stop })
  }

  /** Adds a stack of its own as one step. */
  nest(name: string, logger: Logger): StopStack {
    const inner = new StopStack(logger)
    const stop = async () => {
      this.#failures += await inner.stop()
    }
    this.#steps.push({ name, stop, inner })
    return inner
  }

  /** Runs all steps in reverse order, going on after one that throws. Resolves to how many failed. */
  async stop(): Promise<number> {
    this.#stopped = true
    for (const step of this.#steps.splice(0).reverse()) {
      this.#running = step
      await this.#run(step.name, step.stop)
    }
    this.#running = undefined
    return this.#failures
  }

  /** The step that runs now, such as `placement-scheduler/consumers`, to name it when it takes too long. */
  get current(): string {
    const { name = '', inner } = this.#running ?? {}
    return inner?.current ? `${name}/${inner.current}` : name
  }

  async #run(step: string, stop: Stop): Promise<void> {
    try {
      await stop()
    } catch (err) {
      this.#failures++
      this.#logger.error({ err, step }, 'stop step failed')
    }
  }
}
