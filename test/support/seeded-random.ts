/** Random numbers that a seed repeats, by splitmix32: the same calls in the same order get the same answers. */
export class SeededRandom {
  #state: number

  /** `seed`: a whole number, of which 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** At least 0 and less than 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  /** A whole number of these, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)] as T
  }

  /** One of `items`, which must not be empty, as often as its weight among all says. */
  weighted<T extends { weight: number }>(items: readonly T[]): T {
    let left = this.next() * items.reduce((sum, { weight }) => sum + weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return items.at(-1) as T
  }

  /** Another sequence that follows from this one: who draws from it does not change what the others draw. */
  fork(): SeededRandom {
    return new SeededRandom(this.next() * 2 ** 32)
  }
}
