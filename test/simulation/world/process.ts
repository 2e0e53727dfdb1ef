/** One life of one replica: what it began goes on only while it lives, and waits while it is frozen. */
export class Process {
  readonly name: string
  /** Milliseconds by which its clock is ahead. */
  readonly clockOffsetMs: number
  state: 'running' | 'frozen' | 'dead' = 'running'
  /** What came due while it was frozen, in its order. */
  readonly held: (() => void)[] = []
  readonly #stopping = new AbortController()

  constructor(name: string, clockOffsetMs: number) {
    this.name = name
    this.clockOffsetMs = clockOffsetMs
  }

  get isDead(): boolean {
    return this.state === 'dead'
  }

  /** Never aborted by a crash: who is dead notices nothing. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }
}
