import { createHash } from 'node:crypto'

/** `about`: name of the consumer's object, or nothing where it concerns all. */
export type Line = { at: number; who: string; what: string; about?: string | undefined }

/** What happened, for people: one line for each act. */
export class Story {
  readonly #lines: Line[] = []
  readonly #elapsed: () => number

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  tell(who: string, what: string, about?: string): void {
    this.#lines.push({ at: this.#elapsed(), who, what, about })
  }

  /** Of all, or of one object and what concerns all. */
  lines(about?: string): string[] {
    return this.#lines
      .filter((line) => about === undefined || line.about === undefined || line.about === about)
      .map(({ at, who, what }) => `${(at / 1000).toFixed(3).padStart(9)}s  ${who.padEnd(12)} ${what}`)
  }

  /** Two runs of one seed have the same. */
  get hash(): string {
    return createHash('sha256').update(JSON.stringify(this.#lines)).digest('hex').slice(0, 16)
  }

  get length(): number {
    return this.#lines.length
  }
}
