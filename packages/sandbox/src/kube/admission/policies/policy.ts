import type { JsonObject, KubeObject } from '../../objects.ts'
import { Conditions, type NamedExpression } from '../conditions.ts'
import { type Compiled, compiledExpression, type Expression, type Variables } from '../expressions.ts'
import type { MatchResources } from '../match-resources.ts'

type Validation = { expression?: string; message?: string; messageExpression?: string; reason?: string }

/** A ValidatingAdmissionPolicy as it is stored. */
export type Policy = KubeObject & {
  spec: {
    failurePolicy?: string
    paramKind?: { apiVersion?: string; kind?: string }
    matchConstraints?: MatchResources
    matchConditions?: NamedExpression[]
    variables?: NamedExpression[]
    validations?: Validation[]
  }
}

/** A ValidatingAdmissionPolicyBinding as it is stored. */
export type Binding = KubeObject & {
  spec: {
    policyName: string
    paramRef?: { name?: string; namespace?: string; selector?: JsonObject; parameterNotFoundAction?: string }
    matchResources?: MatchResources
    validationActions: string[]
  }
}

/** Why a request is refused. */
export type Denial = { message: string; reason: string }

type CompiledValidation = Compiled & { validation: Validation; message: Expression | undefined }

/** A policy whose expressions are compiled. */
export class CompiledPolicy {
  readonly policy: Policy
  readonly #conditions: Conditions
  readonly #variables: readonly (Compiled & { name: string })[]
  readonly #validations: readonly CompiledValidation[]

  constructor(policy: Policy) {
    const { matchConditions = [], variables = [], validations = [] } = policy.spec
    this.policy = policy
    this.#conditions = new Conditions(matchConditions)
    this.#variables = variables.map((each) => ({
      ...compiledExpression(each.expression, 'any'),
      name: each.name ?? '',
    }))
    this.#validations = validations.map((validation) => ({
      ...compiledExpression(validation.expression, 'bool'),
      validation,
      message: validation.messageExpression
        ? compiledExpression(validation.messageExpression, 'string').run
        : undefined,
    }))
  }

  /** What stands against a request that matches; `given` has all variables but `variables`. */
  denials(given: Variables): Denial[] {
    const fails = this.policy.spec.failurePolicy !== 'Ignore'
    const condition = this.#conditions.check(given)
    if (condition === 'unmet') return []
    if (condition !== 'met') return fails ? [{ message: condition.mistake, reason: 'Invalid' }] : []
    const variables = { ...given, variables: this.#evaluated(given) }
    return this.#validations.flatMap((each) => denial(each, variables, fails))
  }

  /** Each may use those before it; one that cannot be evaluated is not there. */
  #evaluated(given: Variables): Map<string, unknown> {
    const values = new Map<string, unknown>()
    for (const { name, run } of this.#variables) {
      const outcome = run({ ...given, variables: values })
      if ('value' in outcome) values.set(name, outcome.value)
    }
    return values
  }
}

function denial(
  { source, run, validation, message }: CompiledValidation,
  variables: Variables,
  fails: boolean,
): Denial[] {
  const outcome = run(variables)
  if ('error' in outcome) {
    const text = `expression '${source}' resulted in error: ${outcome.error}`
    return fails ? [{ message: text, reason: 'Invalid' }] : []
  }
  if (outcome.value === true) return []
  const said = message?.(variables)
  const own = said !== undefined && 'value' in said ? String(said.value).trim() : ''
  const usable = own !== '' && !own.includes('\n') && own.length <= LONGEST_MESSAGE
  const fixed = (validation.message ?? '').trim()
  const text = usable ? own : fixed !== '' ? fixed : `failed expression: ${source}`
  return [{ message: text, reason: validation.reason ?? 'Invalid' }]
}

const LONGEST_MESSAGE = 5 * 1024
