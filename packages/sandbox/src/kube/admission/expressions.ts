import type { FieldError } from '../errors.ts'
import type { JsonValue } from '../objects.ts'
import { baseEnvironment } from '../schema/cel/environment.ts'
import type { Environment } from '../schema/cel/library.ts'
import { type Outcome, parseChecked, runnable } from '../schema/cel/rule.ts'
import { dynamic } from '../schema/cel/types.ts'
import { invalid } from '../schema/field-errors.ts'

/** An expression of a policy: what it comes to with variables, or the mistake that keeps it from being compiled. */
export type Expression = (variables: Variables) => Outcome
export type Variables = Record<string, unknown>

const VARIABLES = ['object', 'oldObject', 'request', 'params', 'namespaceObject', 'variables', 'authorizer']

let environment: Environment | undefined

function policyEnvironment(): Environment {
  if (environment !== undefined) return environment
  const made = baseEnvironment().clone({})
  for (const name of VARIABLES) made.registerVariable(name, 'dyn')
  environment = made
  return made
}

/** Compiles an expression that has to give `wanted`; `dyn` may give anything. Answers its mistake in kube-apiserver's words. */
function compileExpression(
  source: string,
  wanted: 'bool' | 'string' | 'any',
): { run: Expression } | { mistake: string } {
  const parsed = parseChecked(policyEnvironment(), source)
  if ('mistake' in parsed) return parsed
  if (wanted !== 'any' && parsed.type !== wanted && parsed.type !== 'dyn')
    return { mistake: `must evaluate to ${wanted} but got ${parsed.type}` }
  return { run: runnable(parsed.result) }
}

/** An expression that is ready to be run. */
export type Compiled = { source: string; run: Expression }

/** As compileExpression; what cannot be compiled fails whenever it is asked: nothing is skipped without a word. */
export function compiledExpression(expression: string | undefined, wanted: 'bool' | 'string' | 'any'): Compiled {
  const source = (expression ?? '').trim()
  const made = compileExpression(source, wanted)
  if ('run' in made) return { source, run: made.run }
  return { source, run: () => ({ error: made.mistake, exceeded: false, cost: 0 }) }
}

/** Why an expression at `path` of a policy cannot be taken. */
export function expressionErrors(
  source: string | undefined,
  path: string,
  wanted: 'bool' | 'string' | 'any',
): FieldError[] {
  const made = compileExpression((source ?? '').trim(), wanted)
  return 'mistake' in made ? [invalid(path, source, made.mistake)] : []
}

/** A JSON value as an expression sees it; what is not there is null. */
export function toCel(value: unknown): unknown {
  return value === undefined ? null : dynamic(value as JsonValue)
}
