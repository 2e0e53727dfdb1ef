import { isNumber } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { formatCheck } from './formats.ts'
import { matches } from './patterns.ts'
import type { OpenApiSchema } from './types.ts'
import { inEnum, int64Of, isMultiple, isUnique, typesOf, wrongType } from './values.ts'

/** Whether a value satisfies a schema; says nothing of why not. */
export type Check = (value: JsonValue) => boolean

/**
 * Compiles what kube-apiserver validates of a value against its OpenAPI schema into closures. Agrees with `explain`, which
 * is asked for the messages once a check has failed.
 */
export function compileCheck(schema: OpenApiSchema): Check {
  const type = typeCheck(schema)
  const parts = [logicCheck(schema), textCheck(schema), numberCheck(schema), listCheck(schema), objectCheck(schema)]
  const allowed = schema['enum'] as JsonValue[] | undefined
  if (allowed !== undefined && allowed.length > 0) parts.push((value) => inEnum(value, allowed))
  const checks = parts.filter((part) => part !== undefined)
  const enumOnly = allowed !== undefined && allowed.length > 0
  if (checks.length === 0) return type
  return (value) => {
    if (!type(value)) return false
    if (value === null) return !enumOnly
    for (const check of checks) if (!check(value)) return false
    return true
  }
}

function typeCheck(schema: OpenApiSchema): Check {
  const format = schema.format ?? ''
  if (format === '' && !schema['x-kubernetes-int-or-string']) {
    const nullable = schema.nullable === true
    if (schema.type === 'string') return (value) => typeof value === 'string' || (nullable && value === null)
    if (schema.type === 'boolean') return (value) => typeof value === 'boolean' || (nullable && value === null)
    if (schema.type === 'object') {
      return (value) => (value === null ? nullable : typeof value === 'object' && !Array.isArray(value))
    }
    if (schema.type === 'array') return (value) => Array.isArray(value) || (nullable && value === null)
  }
  const types = typesOf(schema)
  if (types.length === 0 && format === '') return () => true
  return (value) => wrongType(value, types, format, schema.nullable === true) === undefined
}

function logicCheck(schema: OpenApiSchema): Check | undefined {
  const compiled = (keyword: string) => ((schema[keyword] ?? []) as OpenApiSchema[]).map(compileCheck)
  const [anyOf, oneOf, allOf] = [compiled('anyOf'), compiled('oneOf'), compiled('allOf')]
  const not = schema['not'] === undefined ? undefined : compileCheck(schema['not'] as OpenApiSchema)
  if (anyOf.length + oneOf.length + allOf.length === 0 && not === undefined) return undefined
  return (value) => {
    const passes = (check: Check) => check(value)
    if (anyOf.length > 0 && !anyOf.some(passes)) return false
    if (oneOf.length > 0 && oneOf.filter(passes).length !== 1) return false
    return allOf.every(passes) && !not?.(value)
  }
}

function textCheck(schema: OpenApiSchema): Check | undefined {
  const max = schema['maxLength'] as number | undefined
  const min = schema['minLength'] as number | undefined
  const source = schema['pattern'] as string | undefined
  const format = formatCheck(schema.format)
  if (max === undefined && min === undefined && !source && format === undefined) return undefined
  return (value) => {
    if (typeof value !== 'string') return true
    if (max !== undefined && value.length > max && runeCount(value) > max) return false
    if (min !== undefined && (value.length < min || (value.length < min * 2 && runeCount(value) < min))) return false
    if (source && !matches(source, value)) return false
    return format === undefined || format(value)
  }
}

/** Length in Unicode code points, as Go counts it. */
export function runeCount(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length - 1; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count--
      at++
    }
  }
  return count
}

function numberCheck(schema: OpenApiSchema): Check | undefined {
  const { maximum, minimum, multipleOf, exclusiveMaximum, exclusiveMinimum } = schema as Record<string, number>
  if (maximum === undefined && minimum === undefined && multipleOf === undefined) return undefined
  return (value) => {
    if (!isNumber(value)) return true
    if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return false
    if (maximum !== undefined && !isBelow(value, bound(value, maximum), Boolean(exclusiveMaximum))) return false
    return minimum === undefined || isBelow(bound(value, minimum), value, Boolean(exclusiveMinimum))
  }
}

/** What a number is compared with: an integer with its bound as an int64, others with the double that each bound is. */
export const bound = (value: number | bigint, limit: number | bigint): number | bigint =>
  typeof value === 'bigint' || Number.isSafeInteger(value) ? int64Of(limit) : Number(limit)

export const isBelow = (value: number | bigint, limit: number | bigint, exclusive: boolean): boolean =>
  exclusive ? value < limit : value <= limit

function listCheck(schema: OpenApiSchema): Check | undefined {
  const { maxItems, minItems, uniqueItems } = schema as Record<string, number | undefined>
  const items = schema.items === undefined ? undefined : compileCheck(schema.items)
  if (maxItems === undefined && minItems === undefined && !uniqueItems && items === undefined) return undefined
  return (value) => {
    if (!Array.isArray(value)) return true
    if (maxItems !== undefined && value.length > maxItems) return false
    if (minItems !== undefined && value.length < minItems) return false
    if (items !== undefined) for (const item of value) if (!items(item)) return false
    return !uniqueItems || isUnique(value)
  }
}

function objectCheck(schema: OpenApiSchema): Check | undefined {
  const { maxProperties, minProperties } = schema as Record<string, number | undefined>
  const required = (schema['required'] ?? []) as string[]
  const counted = maxProperties !== undefined || minProperties !== undefined
  const entries = entriesCheck(schema)
  if (entries === undefined && !counted && required.length === 0) return undefined
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return true
    if (counted) {
      const size = Object.keys(value).length
      if (size > (maxProperties ?? size) || size < (minProperties ?? size)) return false
    }
    for (const key of required) if (!Object.hasOwn(value, key)) return false
    return entries === undefined || entries(value)
  }
}

function entriesCheck({
  properties = {},
  additionalProperties,
}: OpenApiSchema): ((object: JsonObject) => boolean) | undefined {
  const checks = new Map(Object.entries(properties).map(([key, property]) => [key, compileCheck(property)]))
  const closed = additionalProperties === false
  const others = typeof additionalProperties === 'object' ? compileCheck(additionalProperties) : undefined
  if (checks.size === 0 && !closed && others === undefined) return undefined
  return (object) => {
    for (const key in object) {
      const check = checks.get(key) ?? others
      if (check === undefined ? closed : !check(object[key] as JsonValue)) return false
    }
    return true
  }
}
