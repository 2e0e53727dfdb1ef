/**
 * How fast the world may be: as fast as the broker gets anything done. On a busy machine the same faults come at a slower pace, instead of
 * so often that nothing is ever ready between two of them.
 */
export class Tempo {
  #settled = 0
  readonly #waiting = new Set<{ from: number; go: () => void }>()

  /** An object became what its owner wants, or was gone. */
  readonly settled = (): void => {
    this.#settled++
    for (const { from, go } of [...this.#waiting]) if (this.#settled >= from) go()
  }

  /** Resolves once so many objects have settled from now on, and at `end` (of performance.now()) at the latest. */
  async untilSettled(count: number, end: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const waiting = {
        from: this.#settled + count,
        go: () => {
          clearTimeout(timer)
          this.#waiting.delete(waiting)
          resolve()
        },
      }
      const timer = setTimeout(waiting.go, Math.max(0, end - performance.now()))
      this.#waiting.add(waiting)
    })
  }
}
