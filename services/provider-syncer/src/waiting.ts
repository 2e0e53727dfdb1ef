import { stringifyJson } from '@resource-broker/json'

/** Keys that wait until copies of a consumer can go to a provider, or until a provider can be reached. */
export class Waiting {
  readonly #keys = new Map<string, Set<string>>()

  /** Without a consumer: until the provider's presence changes. */
  add(key: string, provider: string, consumer?: string): void {
    const id = idOf(provider, consumer)
    this.#keys.set(id, (this.#keys.get(id) ?? new Set()).add(key))
  }

  /** Those that wait no longer. */
  take(provider: string, consumer?: string): Iterable<string> {
    const id = idOf(provider, consumer)
    const keys = this.#keys.get(id) ?? []
    this.#keys.delete(id)
    return keys
  }
}

const idOf = (provider: string, consumer: string | undefined): string => stringifyJson([provider, consumer ?? null])
