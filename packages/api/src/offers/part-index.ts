/**
 * Items that are found by a text which is somewhere in another: one slice per length and position looks for them all. A
 * search never takes more steps than there are items, as they are all given where it would.
 */
export class PartIndex<T> {
  /** Texts by their length. */
  readonly #lengths = new Map<number, Map<string, Set<T>>>()
  readonly #all = new Set<T>()

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** Finds `item` by any of `texts`, none of which is empty. */
  add(texts: readonly string[], item: T): void {
    this.#all.add(item)
    for (const text of texts) {
      const group = this.#lengths.get(text.length) ?? new Map<string, Set<T>>()
      this.#lengths.set(text.length, group)
      const items = group.get(text) ?? new Set()
      group.set(text, items.add(item))
    }
  }

  delete(texts: readonly string[], item: T): void {
    this.#all.delete(item)
    for (const text of texts) {
      const group = this.#lengths.get(text.length)
      const items = group?.get(text)
      items?.delete(item)
      if (items?.size === 0) group?.delete(text)
      if (group?.size === 0) this.#lengths.delete(text.length)
    }
  }

  /** How many items the most crowded of `texts` finds. */
  crowd(texts: readonly string[]): number {
    return Math.max(0, ...texts.slice(0, 16).map((text) => this.#lengths.get(text.length)?.get(text)?.size ?? 0))
  }

  /** The items of which a text is in `value`, and maybe others. */
  find(value: string): ReadonlySet<T> {
    if (this.#lengths.size * value.length > this.#all.size) return this.#all
    const found = new Set<T>()
    for (const [length, group] of this.#lengths) {
      for (let start = 0; start + length <= value.length; start++) {
        for (const item of group.get(value.slice(start, start + length)) ?? []) found.add(item)
      }
    }
    return found
  }
}
