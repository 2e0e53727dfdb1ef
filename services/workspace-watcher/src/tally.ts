/** How many of some objects concern each of some holders. */
export class Tally {
  readonly #changed: (holder: string) => void
  readonly #holders = new Map<string, readonly string[]>()
  readonly #counts = new Map<string, number>()

  constructor(changed: (holder: string) => void) {
    this.#changed = changed
  }

  /** An object concerns these from now on; none: it is gone. */
  set(id: string, holders: readonly string[]): void {
    const before = this.#holders.get(id) ?? []
    if (holders.length === 0) this.#holders.delete(id)
    else this.#holders.set(id, holders)
    for (const holder of before) if (!holders.includes(holder)) this.#add(holder, -1)
    for (const holder of holders) if (!before.includes(holder)) this.#add(holder, 1)
  }

  of(holder: string): number {
    return this.#counts.get(holder) ?? 0
  }

  #add(holder: string, by: number): void {
    const count = this.of(holder) + by
    if (count === 0) this.#counts.delete(holder)
    else this.#counts.set(holder, count)
    this.#changed(holder)
  }
}
