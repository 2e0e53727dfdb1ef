import type { ASTNode } from '@marcbachmann/cel-js'
import { BUDGET, type Cost, costOf } from './cost.ts'
import { type CelEnvironment, useLinearMatches } from './environment.ts'
import type { CelInput } from './values.ts'

/**
 * Why an expression has no value: a field that it reads is not there (yet), what it does with what is there is wrong, or what it
 * looks at is too large for it.
 */
export type CelFailure = { kind: 'notYet' | 'wrong' | 'tooExpensive'; error: string }
type CelResult = { value: unknown } | CelFailure

export type Program = {
  source: string
  /** With `matches` under our name for it. */
  ast: ASTNode
  /** CEL's name for what it gives, as far as that can be told before: `dyn` where it depends on what is looked at. */
  type: string
  /** Bounded beforehand by what it could cost; never throws. The value is CEL's own: ints are bigints, maps may be Maps. */
  evaluate: (input: CelInput) => CelResult
}

const MISSING: ReadonlySet<unknown> = new Set(['no_such_key', 'index_out_of_bounds', 'optional_value_missing'])

/**
 * Compiles a CEL expression. Its size, nesting and functions are limited, and each evaluation is bounded beforehand, so that no
 * expression can stall the caller. `result`: `bool` refuses what can be seen to be neither true nor false. Returns what is wrong with
 * it, as a sentence, if it cannot be used.
 */
export function compileCel(
  source: string,
  environment: CelEnvironment,
  result: 'bool' | 'any',
): Program | { mistake: string } {
  const { library, longest } = environment
  if (source.length > longest) return { mistake: `the expression is longer than ${longest} characters` }
  try {
    const parsed = library.parse(source)
    const cost = costOf(parsed.ast)
    useLinearMatches(parsed.ast)
    const checked = parsed.check()
    if (!checked.valid) return { mistake: explain(checked.error, environment) }
    if (result === 'bool' && checked.type !== 'bool' && checked.type !== 'dyn')
      return { mistake: `the expression gives ${checked.type}, not true or false` }
    return { source, ast: parsed.ast, type: checked.type ?? 'dyn', evaluate: (input) => run(parsed, cost, input) }
  } catch (error) {
    return { mistake: explain(error, environment) }
  }
}

function run(program: (context: CelInput['variables']) => unknown, cost: Cost, input: CelInput): CelResult {
  if (cost(input) > BUDGET) return { kind: 'tooExpensive', error: 'the object is too large for this expression' }
  try {
    return { value: program(input.variables) }
  } catch (error) {
    const { code } = error as { code?: unknown }
    return { kind: MISSING.has(code) ? 'notYet' : 'wrong', error: summaryOf(error) }
  }
}

function explain(error: unknown, { variables }: CelEnvironment): string {
  const { code } = error as { code?: unknown }
  const summary = summaryOf(error)
  return code === 'unknown_variable' ? `${summary}; the expression sees ${variables.join(', ')}` : summary
}

/** The library's one-line summary, without the picture of the source that its message carries. */
function summaryOf(error: unknown): string {
  const { summary, message } = error as { summary?: string; message?: string }
  return summary ?? message?.split('\n')[0] ?? String(error)
}
