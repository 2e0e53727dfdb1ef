type Pair = { consumer: string; provider: string }

/** Keys that wait until copies of a consumer can go to a provider. */
export class Waiting {
  readonly #keys = new Map<string, Set<string>>()

  add(key: string, pair: Pair): void {
    const id = idOf(pair)
    this.#keys.set(id, (this.#keys.get(id) ?? new Set()).add(key))
  }

  /** Those that wait no longer. */
  take(pair: Pair): Iterable<string> {
    const id = idOf(pair)
    const keys = this.#keys.get(id) ?? []
    this.#keys.delete(id)
    return keys
  }
}

const idOf = ({ consumer, provider }: Pair): string => `${consumer} ${provider}`
