import { openSync, writeSync } from 'node:fs'

type Line = { at: number; about: string | undefined; text: string }

/** What happened to all belongs to the story of an object so many milliseconds before and after something went wrong with it. */
const AROUND_MS = 20_000
/** A failure tells the stories of so many objects; the log has all. */
const TOLD = 4
/** So many violations are listed. */
const LISTED = 40
const WRONG = 'VIOLATION'

/** What was done and seen, with its time, so that a person can read what happened around a violation. */
export class Story {
  readonly violations: string[] = []
  readonly #since = performance.now()
  readonly #lines: Line[] = []
  readonly #file: number

  /** Every line goes to `file` at once. */
  constructor(file: string) {
    this.#file = openSync(file, 'w')
  }

  /** `about`: the name of an object, or undefined for what concerns all. */
  tell(about: string | undefined, text: string): void {
    const line = { at: performance.now() - this.#since, about, text }
    this.#lines.push(line)
    writeSync(this.#file, `${print(line)}\n`)
  }

  /** Notes that something is not as it must be; the first name of an object in `violation` says whose story that is. */
  readonly accuse = (violation: string): void => {
    this.violations.push(violation)
    this.tell(subjectOf(violation), `${WRONG} ${violation}`)
  }

  /** The violations, and the stories of the first objects that they are about. */
  ofViolations(): string {
    const subjects = new Set(this.violations.map(subjectOf).filter((name) => name !== undefined))
    const stories = [...subjects].slice(0, TOLD).map((name) => this.of(name))
    const counted = `${this.violations.length} violations about ${subjects.size} objects:`
    return [counted, ...this.violations.slice(0, LISTED), ...stories].join('\n')
  }

  /** All that happened to one object, and what happened to all around each violation of it. */
  of(name: string): string {
    const own = this.#lines.filter(({ about }) => about === name)
    const wrong = own.filter(({ text }) => text.startsWith(WRONG)).map(({ at }) => at)
    const isNear = ({ at }: Line) => wrong.some((moment) => Math.abs(moment - at) < AROUND_MS)
    const told = this.#lines.filter((line) => line.about === name || (line.about === undefined && isNear(line)))
    return [`\nthe story of ${name}:`, ...told.map(print)].join('\n')
  }
}

function subjectOf(violation: string): string | undefined {
  return /churn-\d+/.exec(violation)?.[0]
}

function print({ at, about, text }: Line): string {
  return `${(at / 1000).toFixed(3).padStart(9)} s  ${(about ?? '*').padEnd(9)} ${text}`
}
