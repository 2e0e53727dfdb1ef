type Asked<W, A> = { wish: W; resolve: (answer: A) => void; reject: (error: unknown) => void }

/** Work that is done for all who ask at once: what is asked for while it is under way goes into the next round. */
export class Batches<W, A> {
  readonly #work: (wishes: W[]) => Promise<A[]>
  #asked: Asked<W, A>[] = []
  #isAtWork = false

  /** @param work answers each wish of a round, in their order; what it throws is every wisher's to handle */
  constructor(work: (wishes: W[]) => Promise<A[]>) {
    this.#work = work
  }

  /** @throws what the round threw */
  async ask(wish: W): Promise<A> {
    return await new Promise((resolve, reject) => {
      this.#asked.push({ wish, resolve, reject })
      if (!this.#isAtWork) void this.#workOff()
    })
  }

  async #workOff(): Promise<void> {
    this.#isAtWork = true
    while (this.#asked.length > 0) {
      const round = this.#asked
      this.#asked = []
      try {
        const answers = await this.#work(round.map(({ wish }) => wish))
        for (const [i, { resolve }] of round.entries()) resolve(answers[i] as A)
      } catch (error) {
        for (const { reject } of round) reject(error)
      }
    }
    this.#isAtWork = false
  }
}
