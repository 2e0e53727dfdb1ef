import { createHash } from 'node:crypto'

/** `about`: name of the consumer's object, or nothing where it concerns all. */
type Line = { at: number; who: string; what: string | (() => string); about?: string | undefined }

/** What happened, for people: one line for each act. */
export class Story {
  readonly #lines: Line[] = []
  readonly #elapsed: () => number

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** `what` is put into words only if somebody reads the story: most worlds end well. */
  tell(who: string, what: Line['what'], about?: string): void {
    this.#lines.push({ at: this.#elapsed(), who, what, about })
  }

  /** Of all, or of one object and what concerns all. */
  lines(about?: string): string[] {
    return this.#lines
      .filter((line) => about === undefined || line.about === undefined || line.about === about)
      .map((line) => `${(line.at / 1000).toFixed(3).padStart(9)}s  ${line.who.padEnd(12)} ${wordsOf(line)}`)
  }

  /** Two runs of one seed have the same. */
  get hash(): string {
    return createHash('sha256')
      .update(JSON.stringify(this.#lines.map((line) => ({ ...line, what: wordsOf(line) }))))
      .digest('hex')
      .slice(0, 16)
  }

  get length(): number {
    return this.#lines.length
  }
}

const wordsOf = ({ what }: Line): string => (typeof what === 'string' ? what : what())
