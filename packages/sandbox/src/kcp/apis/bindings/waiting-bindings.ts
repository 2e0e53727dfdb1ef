/** Keys of bindings that wait for something, by what that is. */
export class WaitingBindings {
  readonly #keys = new Map<string, Set<string>>()
  readonly #reasons = new Map<string, string>()

  /** Says what `key` waits for; for nothing when it is undefined. */
  set(key: string, reason: string | undefined): void {
    const before = this.#reasons.get(key)
    if (before === reason) return
    if (before !== undefined) this.#remove(key, before)
    if (reason === undefined) return
    this.#reasons.set(key, reason)
    this.#keys.set(reason, (this.#keys.get(reason) ?? new Set()).add(key))
  }

  for(reason: string): readonly string[] {
    return [...(this.#keys.get(reason) ?? [])]
  }

  #remove(key: string, reason: string): void {
    const keys = this.#keys.get(reason)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(reason)
    this.#reasons.delete(key)
  }
}
