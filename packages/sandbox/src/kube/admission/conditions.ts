import { type Compiled, compiledExpression, type Variables } from './expressions.ts'

export type NamedExpression = { name?: string; expression?: string }

/** The match conditions of a policy or of a webhook, compiled. */
export class Conditions {
  readonly #conditions: readonly (Compiled & { name: string })[]

  constructor(conditions: readonly NamedExpression[] = []) {
    this.#conditions = conditions.map(({ name = '', expression }) => ({
      ...compiledExpression(expression, 'bool'),
      name,
    }))
  }

  get isEmpty(): boolean {
    return this.#conditions.length === 0
  }

  /** Whether all are true. One that is false decides, even where another one cannot be evaluated. */
  check(given: Variables): 'met' | 'unmet' | { mistake: string } {
    let mistake: string | undefined
    for (const { name, run } of this.#conditions) {
      const outcome = run(given)
      if ('error' in outcome) mistake ??= `[matchCondition ${name}: ${outcome.error}]`
      else if (outcome.value !== true) return 'unmet'
    }
    return mistake === undefined ? 'met' : { mistake }
  }
}
