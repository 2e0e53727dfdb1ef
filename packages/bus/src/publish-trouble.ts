/** What a process is told of its publications: each attempt that failed, and the first that was stored again. */
export type PublishEvent = { type: 'failed'; error: Error; isFirst: boolean } | { type: 'recovered'; failures: number }

/** Whether the server stores what is published; publications that it does not store are tried again without an end. */
export class PublishTrouble {
  readonly #report: (event: PublishEvent) => void
  #failures = 0
  #last: Error | undefined

  constructor(report: (event: PublishEvent) => void) {
    this.#report = report
  }

  /** The server's words since the last publication that it stored. */
  get reason(): string | undefined {
    return this.#last?.message
  }

  failed(error: Error): void {
    this.#last = error
    this.#failures++
    this.#report({ type: 'failed', error, isFirst: this.#failures === 1 })
  }

  over(): void {
    if (this.#last === undefined) return
    const failures = this.#failures
    this.#last = undefined
    this.#failures = 0
    this.#report({ type: 'recovered', failures })
  }
}
