/** What came for a key since its last run. */
type Entry<T> = { items: T[] }

/**
 * Runs `run(key, items)` for keys that got items: one run at a time per key, at most `concurrency` at once, keys in the order in
 * which they became due. What arrives during a run waits for the next one of that key. `run` must not reject.
 */
export class KeyQueue<T> {
  readonly #run: (key: string, items: T[]) => Promise<void>
  readonly #concurrency: number
  readonly #entries = new Map<string, Entry<T>>()
  readonly #due: string[] = []
  #head = 0
  #running = 0
  #stopped = false
  #idle: (() => void)[] = []

  constructor(concurrency: number, run: (key: string, items: T[]) => Promise<void>) {
    this.#concurrency = concurrency
    this.#run = run
  }

  push(key: string, item: T): void {
    if (this.#stopped) return
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.items.push(item)
      return
    }
    this.#entries.set(key, { items: [item] })
    this.#due.push(key)
    this.#start()
  }

  /** Every item that no run has finished with. */
  *pending(): IterableIterator<T> {
    for (const entry of this.#entries.values()) yield* entry.items
  }

  get depth(): number {
    return this.#entries.size
  }

  /** Starts nothing more and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #start(): void {
    while (!this.#stopped && this.#running < this.#concurrency && this.#head < this.#due.length) {
      const key = this.#due[this.#head++] as string
      if (this.#head > 1024 && this.#head * 2 > this.#due.length) {
        this.#due.splice(0, this.#head)
        this.#head = 0
      }
      this.#running++
      void this.#runKey(key)
    }
  }

  async #runKey(key: string): Promise<void> {
    const entry = this.#entries.get(key) as Entry<T>
    const items = entry.items
    entry.items = []
    await this.#run(key, items)
    this.#running--
    if (entry.items.length > 0) this.#due.push(key)
    else this.#entries.delete(key)
    this.#start()
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
