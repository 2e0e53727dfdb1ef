import type { FieldError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { type Correlation, itemWithKeys } from '../correlation.ts'
import { duplicate, forbidden, invalid, required } from '../field-errors.ts'
import type { Structural } from '../structural.ts'
import { OBJECT_BUDGET } from './cost.ts'
import { resolveFieldPath } from './field-path.ts'
import { type Outcome, type Program, type Rule, RuleScope, ruleName, ruleOf } from './rule.ts'

type Compiled = { rule: Rule; program: Program; message: Program | undefined; path: string }
/** What one validation has left to spend; below zero nothing more is run. */
type Run = { errors: FieldError[]; budget: number; warn: ((error: FieldError) => void) | undefined }
/** The old value beside the new: as it is correlated, and of the nearest parent that is. */
type Past = { at: Correlation | undefined; parent: Correlation | undefined }

/** Longest text of a messageExpression that is shown, in bytes. */
const LONGEST_MESSAGE = 5 * 1024

/** `path` stands before every field, empty for an object as a whole; `warn` is told of failures that are forgiven. */
type ValidateOptions = { path?: string; warn?: ((error: FieldError) => void) | undefined }

export type CelValidator = {
  validate: (
    value: JsonValue,
    old: JsonValue | undefined,
    correlation: Correlation | undefined,
    options?: ValidateOptions,
  ) => FieldError[]
}

/**
 * Runs the rules of a schema; undefined where it has none. Rules are compiled when they are first run. `isResource`: the
 * root is a whole object, with metadata.
 */
export function celValidatorOf(root: Structural, isResource: boolean): CelValidator | undefined {
  if (!root.has.rules) return undefined
  const compiled = new Map<Structural, { scope: RuleScope; rules: readonly Compiled[] }>()
  const rulesOf = (node: Structural, isResource: boolean) => {
    const known = compiled.get(node) ?? compileRules(node, isResource)
    compiled.set(node, known)
    return known
  }
  return {
    validate: (value, old, correlation, { path = '', warn } = {}) => {
      const run: Run = { errors: [], budget: OBJECT_BUDGET, warn }
      new Walk(rulesOf, run).visit(root, value, old, path, { at: correlation, parent: undefined }, isResource)
      return run.errors
    },
  }
}

function compileRules(node: Structural, isResource: boolean): { scope: RuleScope; rules: readonly Compiled[] } {
  const scope = new RuleScope(node, isResource)
  const rules = node.rules.map(ruleOf).flatMap((rule) => {
    const optional = rule.optionalOldSelf === true
    const program = scope.compile(rule.rule, 'bool', optional)
    if ('mistake' in program) return []
    const message = rule.messageExpression ? scope.compile(rule.messageExpression, 'string', optional) : undefined
    const path = rule.fieldPath ? resolveFieldPath(rule.fieldPath, node) : undefined
    return {
      rule,
      program,
      message: message === undefined || 'mistake' in message ? undefined : message,
      path: path === undefined || 'mistake' in path ? '' : path.path,
    }
  })
  return { scope, rules }
}

class Walk {
  readonly #rulesOf: (node: Structural, isResource: boolean) => ReturnType<typeof compileRules>
  readonly #run: Run

  constructor(rulesOf: (node: Structural, isResource: boolean) => ReturnType<typeof compileRules>, run: Run) {
    this.#rulesOf = rulesOf
    this.#run = run
  }

  visit(
    node: Structural,
    value: JsonValue,
    old: JsonValue | undefined,
    path: string,
    past: Past,
    isResource: boolean,
  ): void {
    if (value === null || !node.has.rules || this.#run.budget < 0) return
    if (node.rules.length > 0) this.#check(node, value, old ?? undefined, path, past, isResource)
    if (Array.isArray(value)) this.#visitItems(node, value, old, path, past)
    else if (typeof value === 'object') this.#visitFields(node, value, old, path, past)
  }

  #visitItems(node: Structural, list: JsonValue[], old: JsonValue | undefined, path: string, past: Past): void {
    const { items } = node
    if (items === undefined) return
    const before = Array.isArray(old) && node.listType === 'map' ? old : []
    list.forEach((item, index) => {
      const was = itemWithKeys(before, node.mapKeys, item)
      const below = past.at === undefined ? past : { at: past.at.index(index), parent: past.at }
      this.visit(items, item, was, `${path}[${index}]`, below, items.embedded)
    })
  }

  #visitFields(node: Structural, object: JsonObject, old: JsonValue | undefined, path: string, past: Past): void {
    const before = typeof old === 'object' && old !== null && !Array.isArray(old) ? old : {}
    for (const [key, entry] of Object.entries(object)) {
      const property = node.properties?.get(key)
      const child = property ?? node.additional?.node
      if (child === undefined) continue
      const at = property === undefined ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
      const below = past.at === undefined ? past : { at: past.at.key(key), parent: past.at }
      this.visit(child, entry, Object.hasOwn(before, key) ? before[key] : undefined, at, below, child.embedded)
    }
  }

  #check(
    node: Structural,
    value: JsonValue,
    old: JsonValue | undefined,
    path: string,
    past: Past,
    isResource: boolean,
  ): void {
    const field = path === '' ? '<nil>' : path
    const { scope, rules } = this.#rulesOf(node, isResource)
    if (scope.type === undefined) return
    const self = scope.type.toCel(value)
    const oldSelf =
      old === undefined || !rules.some(({ program }) => program.usesOldSelf) ? undefined : scope.type.toCel(old)
    for (const compiled of rules) {
      if (compiled.program.usesOldSelf && old === undefined && compiled.rule.optionalOldSelf !== true) continue
      if (!this.#runRule(compiled, node.type, { self, oldSelf }, field, past)) return
    }
  }

  /** Answers false where nothing more may be run. */
  #runRule(
    compiled: Compiled,
    type: string,
    given: { self: unknown; oldSelf: unknown },
    field: string,
    past: Past,
  ): boolean {
    const { rule, program } = compiled
    const outcome = program.run(given.self, program.usesOldSelf ? given.oldSelf : undefined)
    const name = ruleName(rule)
    if (!this.#spend(outcome.cost)) {
      return this.#stop(
        invalid(
          field,
          type,
          'validation failed due to running out of cost budget, no further validation rules will be run',
        ),
      )
    }
    if ('error' in outcome) {
      if (outcome.exceeded) {
        return this.#stop(
          invalid(
            field,
            type,
            `'${outcome.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`,
          ),
        )
      }
      this.#run.errors.push(invalid(field, type, failure(outcome.error, name)))
      return true
    }
    if (outcome.value === true) return true
    const forgiven = !program.usesOldSelf && (past.at ?? past.parent)?.unchanged() === true
    const message = this.#message(compiled, given)
    const error = errorFor(rule, joined(field, compiled.path), type, message)
    if (forgiven) this.#run.warn?.(error)
    else this.#run.errors.push(error)
    return true
  }

  #message({ rule, message }: Compiled, given: { self: unknown; oldSelf: unknown }): string {
    const fallback = (rule.message ?? '') === '' ? `failed rule: ${ruleName(rule)}` : (rule.message ?? '').trim()
    if (message === undefined) return fallback
    const outcome: Outcome = message.run(given.self, message.usesOldSelf ? given.oldSelf : undefined)
    this.#spend(outcome.cost)
    if ('error' in outcome) {
      return outcome.exceeded
        ? `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${goQuote(rule.messageExpression ?? '')}`
        : fallback
    }
    const text = String(outcome.value).trim()
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > LONGEST_MESSAGE ? fallback : text
  }

  #spend(cost: number): boolean {
    this.#run.budget -= cost
    return this.#run.budget >= 0
  }

  #stop(error: FieldError): false {
    this.#run.errors.push(error)
    this.#run.budget = -1
    return false
  }
}

function failure(error: string, name: string): string {
  if (!error.startsWith('no such overload')) return `${error} evaluating rule: ${name}`
  return `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`
}

function joined(field: string, path: string): string {
  if (path === '') return field
  return field === '<nil>' ? path : `${field}.${path}`
}

function errorFor({ reason }: Rule, field: string, type: string, message: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(field, message)
    case 'FieldValueRequired':
      return required(field, message)
    case 'FieldValueDuplicate':
      return duplicate(field, type)
    default:
      return invalid(field, type, message)
  }
}
