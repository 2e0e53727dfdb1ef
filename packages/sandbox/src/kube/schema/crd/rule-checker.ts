import type { FieldError } from '../../errors.ts'
import type { JsonObject } from '../../objects.ts'
import { type Program, type Rule, RuleScope, ruleOf } from '../cel/rule.ts'
import type { CelType } from '../cel/types.ts'
import { forbidden, internalError, invalid } from '../field-errors.ts'
import { structuralOf } from '../structural.ts'
import type { OpenApiSchema } from '../types.ts'
import { internalRule } from './internal-form.ts'
import type { Place } from './keywords.ts'

/** Most that one expression, and all of a schema together, may cost by estimate. */
const EXPRESSION_LIMIT = 10_000_000
const SCHEMA_LIMIT = 100_000_000
/** How many of the most expensive expressions are named when all together cost too much. */
const NAMED = 4

type Estimate = (program: Program, type: CelType) => number
type Observed = { path: string; cost: number }

/** Compiles the rules of one schema and adds up what they can cost. */
export class RuleChecker {
  readonly #root: OpenApiSchema
  readonly #path: string
  readonly #estimate: Estimate
  readonly #observed: Observed[] = []

  constructor(root: OpenApiSchema, path: string, estimate: Estimate) {
    this.#root = root
    this.#path = path
    this.#estimate = estimate
  }

  /** The rules of one schema at `path`. */
  check(schema: OpenApiSchema, path: string, place: Place): FieldError[] {
    const isResource = place.isRoot || schema['x-kubernetes-embedded-resource'] === true
    const scope = new RuleScope(structuralOf(schema), isResource)
    const at = `${path}.x-kubernetes-validations`
    if (scope.type === undefined) {
      return [internalError(at, 'failed to convert to declType for CEL validation rules')]
    }
    const times = cardinality(this.#root, this.#path, path, scope.type)
    return (schema['x-kubernetes-validations'] ?? []).flatMap((given, index) =>
      this.#checkRule(given, `${at}[${index}]`, scope, times, place),
    )
  }

  #checkRule(given: JsonObject, path: string, scope: RuleScope, times: number, place: Place): FieldError[] {
    const rule = ruleOf(given)
    const program = scope.compile(rule.rule, 'bool', rule.optionalOldSelf === true)
    if ('mistake' in program) return [invalid(`${path}.rule`, internalRule(given), program.mistake)]
    return [
      ...this.#cost(program, scope, times, `${path}.rule`, 'estimated rule cost'),
      ...this.#checkMessage(given, rule, path, scope),
      ...this.#checkOldSelf(rule, program, path, place),
    ]
  }

  #checkMessage(given: JsonObject, rule: Rule, path: string, scope: RuleScope): FieldError[] {
    if (!rule.messageExpression) return []
    const at = `${path}.messageExpression`
    const program = scope.compile(rule.messageExpression, 'string', rule.optionalOldSelf === true)
    if ('mistake' in program) {
      const detail = program.mistake.startsWith('compilation failed')
        ? `messageExpression ${program.mistake}`
        : program.mistake
      return [invalid(at, internalRule(given), detail)]
    }
    return this.#cost(program, scope, 1, at, 'estimated messageExpression cost')
  }

  #checkOldSelf(rule: Rule, program: Program, path: string, { uncorrelatable }: Place): FieldError[] {
    if (!program.usesOldSelf) {
      if (rule.optionalOldSelf === undefined) return []
      return [invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule')]
    }
    if (uncorrelatable === undefined) return []
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
    return [invalid(`${path}.rule`, rule.rule, detail)]
  }

  #cost(program: Program, scope: RuleScope, times: number, path: string, what: string): FieldError[] {
    const cost = this.#estimate(program, scope.type as CelType) * times
    this.#observed.push({ path, cost })
    return cost > EXPRESSION_LIMIT ? [forbidden(path, tooExpensive(what, cost, EXPRESSION_LIMIT))] : []
  }

  /** After all rules were seen: whether they cost too much together. */
  totalErrors(): FieldError[] {
    const total = this.#observed.reduce((sum, { cost }) => sum + cost, 0)
    if (total <= SCHEMA_LIMIT) return []
    const most = this.#observed.toSorted((a, b) => b.cost - a.cost).slice(0, NAMED)
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    return [
      ...most.map(({ path }) =>
        forbidden(path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
      ),
      forbidden(this.#path, tooExpensive(what, total, SCHEMA_LIMIT)),
    ]
  }
}

function tooExpensive(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** How often a rule can run in one object: the product of the bounds of the lists and maps that it stands in. */
function cardinality(root: OpenApiSchema, rootPath: string, path: string, type: CelType): number {
  const steps = path.slice(rootPath.length).match(/\.properties\[[^\]]*\]|\.items|\.additionalProperties/g) ?? []
  let times = 1
  let at: OpenApiSchema = root
  for (const step of steps) {
    const bound = step === '.items' ? at['maxItems'] : step === '.additionalProperties' ? at['maxProperties'] : 1
    if (typeof bound !== 'number') return Math.floor(MAX_REQUEST / (type.minSize + 1))
    times *= bound
    at = below(at, step)
  }
  return times
}

const MAX_REQUEST = 3 * 1024 * 1024

function below(schema: OpenApiSchema, step: string): OpenApiSchema {
  if (step === '.items') return schema.items ?? {}
  if (step === '.additionalProperties') return schema.additionalProperties as OpenApiSchema
  return schema.properties?.[step.slice('.properties['.length, -1)] ?? {}
}
