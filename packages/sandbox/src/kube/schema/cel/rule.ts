import type { JsonObject } from '../../objects.ts'
import type { Structural } from '../structural.ts'
import { CostExceeded, Meter, meterTree } from './cost.ts'
import { baseEnvironment } from './environment.ts'
import { equal } from './equality.ts'
import { LINEAR_MATCHES } from './lib-text.ts'
import { type ASTNode, type Environment, Optional, type ParseResult } from './library.ts'
import { compileMessage, evaluationMessage } from './messages.ts'
import { type CelType, TypeBuilder } from './types.ts'

/** What an evaluation came to; `cost` in units of kube-apiserver, roughly. */
export type Outcome = { cost: number } & ({ value: unknown } | { error: string; exceeded: boolean })

/** An expression that can be run. `old` is given where the rule may see what was there before. */
export type Program = {
  readonly tree: ASTNode
  readonly usesOldSelf: boolean
  readonly run: (self: unknown, old: unknown) => Outcome
}

/** Compiles the rules of one schema node: what they know of `self` comes from the schema. */
export class RuleScope {
  readonly type: CelType | undefined
  readonly #environment: Environment
  #withOld: Environment | undefined
  #withOptionalOld: Environment | undefined

  constructor(node: Structural, isResource: boolean) {
    this.#environment = baseEnvironment().clone({})
    const builder = new TypeBuilder((name, ctor, fields) => {
      const typed = Object.fromEntries(Object.entries(fields).map(([key, type]) => [key, { type }]))
      this.#environment.registerType(name, { ctor, fields: typed } as never)
      this.#environment.registerOperator(`${name} == ${name}`, equal)
    })
    this.type = builder.build(node, isResource)
    if (this.type !== undefined) this.#environment.registerVariable('self', this.type.name)
  }

  /** Compiles an expression that has to give `wanted`, or tells its mistake. */
  compile(source: string, wanted: 'bool' | 'string' | 'any', optionalOldSelf: boolean): Program | { mistake: string } {
    const environment = optionalOldSelf ? this.#optionalOld() : this.#old()
    const parsed = parseChecked(environment, source)
    if ('mistake' in parsed) return parsed
    const { type } = parsed
    if (wanted !== 'any' && type !== wanted) return { mistake: wanted === 'bool' ? NOT_BOOL : NOT_STRING }
    return programOf(parsed.result, optionalOldSelf)
  }

  #old(): Environment {
    this.#withOld ??= this.#environment.clone({}).registerVariable('oldSelf', this.type?.name ?? 'dyn')
    return this.#withOld
  }

  #optionalOld(): Environment {
    this.#withOptionalOld ??= this.#environment
      .clone({})
      .registerVariable('oldSelf', `optional<${this.type?.name ?? 'dyn'}>`)
    return this.#withOptionalOld
  }
}

const NOT_BOOL = 'cel expression must evaluate to a bool'
const NOT_STRING = 'messageExpression must evaluate to a string'

/** Parses and checks an expression, with the type that it gives, or tells its mistake in the words of cel-go. */
export function parseChecked(
  environment: Environment,
  source: string,
): { result: ParseResult; type: string } | { mistake: string } {
  try {
    const result = environment.parse(source)
    useLinearMatches(result.ast)
    const checked = result.check()
    if (!checked.valid) throw checked.error
    return { result, type: String(checked.type) }
  } catch (error) {
    return { mistake: `compilation failed: ${compileMessage(source, error)}` }
  }
}

function programOf(parsed: ParseResult, optionalOldSelf: boolean): Program {
  const run = runnable(parsed)
  return {
    tree: parsed.ast,
    usesOldSelf: names(parsed.ast, 'oldSelf'),
    run: (self, old) => {
      const oldSelf = optionalOldSelf ? (old === undefined ? Optional.none() : Optional.of(old)) : old
      return run(oldSelf === undefined ? { self } : { self, oldSelf })
    },
  }
}

/** Makes a checked expression ready to be run with variables: metered, and with kube-apiserver's equality. */
export function runnable(parsed: ParseResult): (variables: Record<string, unknown>) => Outcome {
  const meter = new Meter()
  useOwnEquality(parsed.ast)
  meterTree(parsed.ast, meter)
  return (variables) => {
    meter.spent = 0
    try {
      return { value: parsed(variables), cost: meter.spent }
    } catch (error) {
      const exceeded = meter.spent > 0 && error instanceof CostExceeded
      return { error: exceeded ? error.message : evaluationMessage(error), exceeded, cost: meter.spent }
    }
  }
}

/** Renames calls of `matches` to ours. */
function useLinearMatches(node: ASTNode): void {
  walk(node, (at) => {
    if (at.op === 'rcall' && at.args[0] === 'matches') (at.args as unknown[])[0] = LINEAR_MATCHES
  })
}

/** The library's own equality knows no lists whose order does not count, and fails for values of different types. */
function useOwnEquality(root: ASTNode): void {
  type Run = { run: (node: ASTNode, scope: unknown) => unknown }
  walk(root, (node) => {
    if (node.op !== '==' && node.op !== '!=') return
    const [left, right] = node.args
    const wanted = node.op === '=='
    const settable = node as unknown as { setMeta: (key: string, value: unknown) => void }
    settable.setMeta(
      'evaluate',
      (evaluator: Run, _: ASTNode, scope: unknown) =>
        equal(evaluator.run(left, scope), evaluator.run(right, scope)) === wanted,
    )
  })
}

function names(root: ASTNode, variable: string): boolean {
  let found = false
  walk(root, (node) => {
    found ||= node.op === 'id' && node.args === variable
  })
  return found
}

/** Visits every node that the library reaches from `root`, those that macros hold among them. */
function walk(root: ASTNode, visit: (node: ASTNode) => void): void {
  const seen = new Set<unknown>()
  const enter = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if ('op' in value && 'meta' in value) {
      const node = value as unknown as ASTNode & { meta: { alternate?: unknown; macro?: unknown } }
      visit(node)
      for (const child of [node.args, node.meta.alternate, node.meta.macro]) enter(child)
    } else if (Array.isArray(value) || value.constructor === Object) Object.values(value).forEach(enter)
  }
  enter(root)
}

/** One entry of x-kubernetes-validations. */
export type Rule = {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

export const ruleOf = (given: JsonObject): Rule => given as unknown as Rule

/** How a message names a rule. */
export function ruleName({ rule, message }: Rule): string {
  return (message ?? '') === '' ? rule.trim() : (message ?? '').trim()
}
