/** The best of many, as they come: what is kept never grows above `most`. Of two that compare as equal the first that came is the better one. */
export class Best<T> {
  readonly #most: number
  readonly #compare: (a: T, b: T) => number
  readonly #kept: T[] = []

  /** `compare`: below zero where `a` is better. */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most
    this.#compare = compare
  }

  /** What is kept, best first. */
  get kept(): readonly T[] {
    return this.#kept
  }

  add(item: T): void {
    const kept = this.#kept
    if (kept.length === this.#most && this.#compare(item, kept[kept.length - 1] as T) >= 0) return
    let [low, high] = [0, kept.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(item, kept[middle] as T) < 0) high = middle
      else low = middle + 1
    }
    kept.splice(low, 0, item)
    if (kept.length > this.#most) kept.pop()
  }
}
