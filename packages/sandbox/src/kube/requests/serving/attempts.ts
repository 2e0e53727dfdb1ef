import type { Call, Scope } from '../scope.ts'
import type { Question } from '../types.ts'
import { Unanswered } from '../unanswered.ts'

/**
 * Does a write of a client. Where admission asks somebody outside, the write is given up, and done anew once there is an answer:
 * nothing is kept between the attempts but the answers, the time and what was drawn. So the object that is asked about is the one that is
 * stored, and a change of somebody else in the meantime leads to other questions. `write` makes all that it changes itself.
 */
export async function attempted<T>(
  { scope, warnings }: Pick<Call, 'scope' | 'warnings'>,
  write: (scope: Scope) => T,
): Promise<T> {
  if (!scope.deps.admission.some((plugin) => plugin.asks?.(scope) === true)) return write(scope)
  const attempts = new Attempts(scope)
  const before = warnings.length
  for (;;) {
    try {
      return write(attempts.next())
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      // They come again with the next attempt.
      warnings.length = before
      await attempts.answer(error.questions)
    }
  }
}

class Attempts {
  readonly #scope: Scope
  readonly #now: Date
  readonly #answers = new Map<string, unknown>()
  readonly #drawn = new Map<string, unknown[]>()

  constructor(scope: Scope) {
    this.#scope = scope
    this.#now = scope.deps.now()
  }

  next(): Scope {
    const counts = new Map<string, number>()
    const draw = <T>(what: string, make: () => T): T => {
      const at = counts.get(what) ?? 0
      counts.set(what, at + 1)
      const drawn = this.#drawn.get(what) ?? []
      this.#drawn.set(what, drawn)
      if (at === drawn.length) drawn.push(make())
      return drawn[at] as T
    }
    const deps = { ...this.#scope.deps, now: () => this.#now, draw }
    return { ...this.#scope, deps, ask: (questions) => this.#known(questions) }
  }

  async answer(questions: readonly Question<unknown>[]): Promise<void> {
    await Promise.all(questions.map(async ({ key, answer }) => this.#answers.set(key, await answer())))
  }

  #known<T>(questions: readonly Question<T>[]): T[] {
    const open = questions.filter(({ key }) => !this.#answers.has(key))
    if (open.length > 0) throw new Unanswered(open)
    return questions.map(({ key }) => this.#answers.get(key) as T)
  }
}
