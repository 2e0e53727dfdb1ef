/** Says why something is not ready yet; nothing when it is. A throw counts as its message. */
export type ReadyCheck = () => string | undefined | Promise<string | undefined>

/** The named checks behind `/readyz`. */
export class Readiness {
  readonly #checks = new Map<string, ReadyCheck>()

  /** Adds a check, or replaces the one of that name. */
  set(name: string, check: ReadyCheck): void {
    this.#checks.set(name, check)
  }

  /** The names of the checks that fail, with their reasons; empty when everything is ready. */
  async failing(): Promise<Record<string, string>> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await reason(check)] as const),
    )
    return Object.fromEntries(results.flatMap(([name, why]) => (why === undefined ? [] : [[name, why]])))
  }
}

async function reason(check: ReadyCheck): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
