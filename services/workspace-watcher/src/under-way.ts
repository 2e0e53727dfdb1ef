/** What is being published. */
export class UnderWay {
  readonly #publications = new Set<Promise<void>>()

  get size(): number {
    return this.#publications.size
  }

  /** `publication` never rejects. */
  add(publication: Promise<void>): void {
    this.#publications.add(publication)
    void publication.then(() => this.#publications.delete(publication))
  }

  /** Resolves when nothing is under way any more of what is now. */
  async settled(): Promise<void> {
    await Promise.all(this.#publications)
  }
}
