import { type Compiled, compiledExpression, type Variables } from './expressions.ts'

export type NamedExpression = { name?: string; expression?: string }

/** The match conditions of a policy or of a webhook, compiled. */
export class Conditions {
  readonly #conditions: readonly Compiled[]

  constructor(conditions: readonly NamedExpression[] = []) {
    this.#conditions = conditions.map(({ expression }) => compiledExpression(expression, 'bool'))
  }

  get isEmpty(): boolean {
    return this.#conditions.length === 0
  }

  /** Whether all are true. One that is false decides, even where another one cannot be evaluated. */
  check(given: Variables): 'met' | 'unmet' | { mistake: string } {
    const mistakes: string[] = []
    for (const { source, run } of this.#conditions) {
      const outcome = run(given)
      if ('error' in outcome) mistakes.push(`expression '${source}' resulted in error: ${outcome.error}`)
      else if (outcome.value !== true) return 'unmet'
    }
    if (mistakes.length === 0) return 'met'
    return { mistake: mistakes.length === 1 ? mistakes[0]! : `[${mistakes.join(', ')}]` }
  }
}
