import type { JsonValue } from '../../objects.ts'
import { structuralOf } from '../structural.ts'
import type { OpenApiSchema } from '../types.ts'
import { resolveFieldPath } from './field-path.ts'
import { RuleScope } from './rule.ts'

/** Makes a value of another; throws an Error where the expression fails. */
export type Transformation = (value: JsonValue) => JsonValue

/** Whether a JSON path such as `.spec.name` leads to a field of a schema; what is wrong with it where not. */
export function checkFieldPath(schema: OpenApiSchema, jsonPath: string): { mistake?: string } {
  const found = resolveFieldPath(jsonPath, structuralOf(schema), false)
  return 'mistake' in found ? found : {}
}

/** Compiles an expression over the field at `jsonPath` of a schema, which is `self` in it. */
export function compileTransformation(
  schema: OpenApiSchema,
  jsonPath: string,
  source: string,
): Transformation | { mistake: string } {
  const found = resolveFieldPath(jsonPath, structuralOf(schema), false)
  if ('mistake' in found) return found
  const scope = new RuleScope(found.node, false)
  const { type } = scope
  if (type === undefined) return { mistake: 'the schema does not tell the type of the field' }
  const program = scope.compile(source, 'any', false)
  if ('mistake' in program) return program
  return (value) => {
    const outcome = program.run(type.toCel(value), undefined)
    if ('error' in outcome) throw new Error(outcome.error)
    return toJson(outcome.value)
  }
}

function toJson(value: unknown): JsonValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' || value === null)
    return value
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, entry]) => [String(key), toJson(entry)]))
  }
  throw new Error('the expression gives no value that an object can hold')
}
