/** How long the story waits for one thing, in milliseconds; on a quiet machine the slowest takes three seconds. */
const PATIENCE_MS = 60_000

/** Something that the story promises did not happen. */
export class UnmetExpectation extends Error {
  readonly code = 'STORY_UNMET'
  readonly expected: string
  readonly seen: string

  constructor(expected: string, seen: string) {
    super(`expected ${expected}; seen: ${seen}`)
    this.expected = expected
    this.seen = seen
  }
}

/** @throws {UnmetExpectation} unless `holds`. */
export function expect(holds: boolean, expected: string, seen: string): asserts holds {
  if (!holds) throw new UnmetExpectation(expected, seen)
}

/** Waits for what the journals tell. */
export class Expectations {
  readonly #signal: AbortSignal
  readonly #checks = new Set<() => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Looks again at everything that is awaited. */
  readonly changed = (): void => {
    for (const check of this.#checks) check()
  }

  /**
   * Resolves with the first answer of `probe` that is neither undefined nor false. Throws UnmetExpectation with what `seen` says
   * then after a minute, and the signal's reason when the story is broken off.
   */
  until<T>(expected: string, probe: () => T | undefined | false, seen: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer)
        this.#checks.delete(check)
        this.#signal.removeEventListener('abort', breakOff)
        act()
      }
      const check = () => {
        const answer = probe()
        if (answer !== undefined && answer !== false) end(() => resolve(answer))
      }
      const breakOff = () => end(() => reject(this.#signal.reason))
      const timer = setTimeout(() => end(() => reject(new UnmetExpectation(expected, seen()))), PATIENCE_MS)
      if (this.#signal.aborted) return breakOff()
      this.#signal.addEventListener('abort', breakOff)
      this.#checks.add(check)
      check()
    })
  }
}
