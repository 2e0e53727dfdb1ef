/** What came for a key since its last run began. */
type Entry<T> = { items: T[]; runs: boolean }

/**
 * Runs `run(key, items)` for keys that got items: one run at a time per key, at most `concurrency` at once, keys in the order in
 * which they became due. What arrives during a run waits for the next one of that key. A run that rejects counts as ended.
 */
export class KeyQueue<T> {
  readonly #run: (key: string, items: T[]) => Promise<void>
  readonly #concurrency: number
  readonly #entries = new Map<string, Entry<T>>()
  readonly #due: string[] = []
  #head = 0
  #running = 0
  #stopped = false
  #ended: (() => void)[] = []

  constructor(concurrency: number, run: (key: string, items: T[]) => Promise<void>) {
    this.#run = run
    this.#concurrency = concurrency
  }

  push(key: string, item: T): void {
    if (this.#stopped) return
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.items.push(item)
      return
    }
    this.#entries.set(key, { items: [item], runs: false })
    this.#due.push(key)
    this.#start()
  }

  /** Resolves when no key that `matches` runs. */
  async settled(matches: (key: string) => boolean = () => true): Promise<void> {
    const isBusy = () => [...this.#entries].some(([key, { runs }]) => runs && matches(key))
    while (isBusy()) await new Promise<void>((resolve) => this.#ended.push(resolve))
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#entries.size
  }

  /** Starts nothing more and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.settled()
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
    const { items } = entry
    entry.items = []
    entry.runs = true
    await this.#run(key, items).catch(() => undefined) // what a failed run means is the caller's matter
    entry.runs = false
    this.#running--
    if (entry.items.length > 0) this.#due.push(key)
    else this.#entries.delete(key)
    this.#start()
    for (const resolve of this.#ended.splice(0)) resolve()
  }
}
