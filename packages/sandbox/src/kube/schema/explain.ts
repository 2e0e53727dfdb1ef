import type { FieldError } from '../errors.ts'
import { goJson, goNumber, goQuote } from '../go-text.ts'
import { isNumber } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { bound, isBelow, runeCount } from './check.ts'
import type { Correlation } from './correlation.ts'
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-errors.ts'
import { formatCheck } from './formats.ts'
import { matches } from './patterns.ts'
import type { OpenApiSchema } from './types.ts'
import { inEnum, isMultiple, isUnique, typesOf, wrongType } from './values.ts'

/** Problems are told apart by their sentence; `score` counts passed checks and picks the best of several alternatives. */
type Result = { problems: Map<string, FieldError>; score: number }

/** `base` stands before every path; `path` is below it. */
type Place = { base: string; path: string }

/**
 * Why a value does not satisfy a schema, in the words and the order of kube-apiserver's validator. With a correlation to
 * the old object, problems inside of what has not changed are left out.
 */
export function explain(
  schema: OpenApiSchema,
  value: JsonValue,
  base: string,
  correlation?: Correlation,
): FieldError[] {
  return [...examine(schema, value, { base, path: '' }, correlation).problems.values()]
}

function examine(schema: OpenApiSchema, value: JsonValue, place: Place, correlation: Correlation | undefined): Result {
  const result: Result = { problems: new Map(), score: 0 }
  checkType(schema, value, place, result)
  if (value === null) {
    checkEnum(schema, value, place, result)
  } else {
    merge(result, checkLogic(schema, value, place, correlation), 1)
    if (typeof value === 'string') checkText(schema, value, place, result)
    if (isNumber(value)) checkNumber(schema, value, place, result)
    if (Array.isArray(value)) checkList(schema, value, place, correlation, result)
    checkEnum(schema, value, place, result)
    if (typeof value === 'object' && !Array.isArray(value)) checkObject(schema, value, place, correlation, result)
    result.score++
  }
  if (result.problems.size > 0 && correlation?.unchanged()) result.problems.clear()
  return result
}

function merge(result: Result, other: Result, extra = 0): void {
  for (const [sentence, problem] of other.problems) add(result, sentence, problem)
  result.score += other.score + extra
}

function add(result: Result, sentence: string, problem: FieldError): void {
  if (!result.problems.has(sentence)) result.problems.set(sentence, problem)
}

/** A sentence about a value at a place. */
function complain(result: Result, place: Place, value: JsonValue, what: string): void {
  const sentence = `${place.path} in body ${what}`
  add(result, sentence, invalid(fieldOf(place), value, sentence))
}

function fieldOf({ base, path }: Place): string {
  const relative = path.startsWith('.') ? path.slice(1) : path
  if (relative === '') return base === '' ? '<nil>' : base
  return base === '' ? relative : `${base}.${relative}`
}

function checkType(schema: OpenApiSchema, value: JsonValue, place: Place, result: Result): void {
  const types = typesOf(schema)
  const wrong = wrongType(value, types, schema.format ?? '', schema.nullable === true)
  if (wrong === undefined) {
    if (types.length > 0 || schema.format) result.score += value === null ? 1 : 2
    return
  }
  if (value !== null) result.score++
  const sentence = `${place.path} in body must be of type ${wrong.want}: ${goQuote(wrong.got)}`
  add(result, sentence, typeInvalid(fieldOf(place), wrong.got, sentence))
}

function checkEnum(schema: OpenApiSchema, value: JsonValue, place: Place, result: Result): void {
  if (value !== null) result.score++
  const allowed = schema['enum'] as JsonValue[] | undefined
  if (allowed === undefined || allowed.length === 0 || inEnum(value, allowed)) return
  const texts = allowed.map((one) => (typeof one === 'string' ? one : goJson(one)))
  add(result, `${place.path} in body should be one of [${texts.join(' ')}]`, notSupported(fieldOf(place), value, texts))
}

function checkText(schema: OpenApiSchema, value: string, place: Place, result: Result): void {
  const { maxLength, minLength, pattern } = schema as { maxLength?: number; minLength?: number; pattern?: string }
  result.score++
  if (maxLength !== undefined && runeCount(value) > maxLength) {
    add(result, `${place.path} in body should be at most ${maxLength} chars long`, tooLong(fieldOf(place), maxLength))
  } else if (minLength !== undefined && runeCount(value) < minLength) {
    complain(result, place, value, `should be at least ${minLength} chars long`)
  } else if (pattern && !matches(pattern, value)) {
    complain(result, place, value, `should match '${pattern}'`)
  }
  const format = formatCheck(schema.format)
  if (format === undefined) return
  result.score++
  if (format(value)) return
  const sentence = `${place.path} in body must be of type ${schema.format}: ${goQuote(value)}`
  add(result, sentence, typeInvalid(fieldOf(place), value, sentence))
}

function checkNumber(schema: OpenApiSchema, value: number | bigint, place: Place, result: Result): void {
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema as Record<string, number>
  result.score += 2
  const say = (what: string) => complain(result, place, value, what)
  if (multipleOf !== undefined && bound(value, multipleOf) <= 0) {
    // As with a fraction that a whole number is compared with the whole part of.
    const sentence = `factor MultipleOf declared for ${place.path} must be positive: ${goNumber(bound(value, multipleOf))}`
    add(result, sentence, invalid(fieldOf(place), value, sentence))
  } else if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    say(`should be a multiple of ${goNumber(bound(value, multipleOf))}`)
  }
  if (minimum !== undefined && !isBelow(bound(value, minimum), value, Boolean(exclusiveMinimum))) {
    say(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${goNumber(bound(value, minimum))}`)
  }
  if (maximum !== undefined && !isBelow(value, bound(value, maximum), Boolean(exclusiveMaximum))) {
    say(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${goNumber(bound(value, maximum))}`)
  }
}

function checkList(
  schema: OpenApiSchema,
  value: JsonValue[],
  place: Place,
  correlation: Correlation | undefined,
  result: Result,
): void {
  const { items } = schema
  const { minItems, maxItems, uniqueItems } = schema as Record<string, number | undefined>
  if (items !== undefined) {
    value.forEach((item, index) => {
      const at = { ...place, path: `${place.path}[${index}]` }
      merge(result, examine(items, item, at, correlation?.index(index)))
    })
  }
  if (minItems !== undefined && value.length < minItems) {
    const sentence = `${place.path} in body should have at least ${minItems} items`
    add(result, sentence, invalid(fieldOf(place), value.length, sentence))
  }
  if (maxItems !== undefined && value.length > maxItems) {
    const sentence = `${place.path} in body should have at most ${maxItems} items`
    add(result, sentence, tooMany(fieldOf(place), value.length, maxItems))
  }
  if (uniqueItems && !isUnique(value)) complain(result, place, '', `shouldn't contain duplicates`)
  result.score += 2
}

function checkObject(
  schema: OpenApiSchema,
  value: JsonObject,
  place: Place,
  correlation: Correlation | undefined,
  result: Result,
): void {
  const { properties = {}, additionalProperties } = schema
  checkCount(schema, Object.keys(value).length, place, result)
  for (const [key, entry] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) continue
    const at = { ...place, path: `${place.path}.${key}` }
    if (additionalProperties === false) {
      const sentence = `${at.path} in body is a forbidden property`
      add(result, sentence, invalid(fieldOf(place), key, sentence))
    } else if (typeof additionalProperties === 'object') {
      merge(result, examine(additionalProperties, entry, at, correlation?.key(key)))
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (!Object.hasOwn(value, key)) continue
    const at = { ...place, path: place.path === '' ? key : `${place.path}.${key}` }
    merge(result, examine(property, value[key] as JsonValue, at, correlation?.key(key)))
  }
  for (const key of (schema['required'] ?? []) as string[]) {
    if (Object.hasOwn(value, key)) continue
    const at = { ...place, path: `${place.path}.${key}` }
    add(result, `${at.path} in body is required`, required(fieldOf(at)))
  }
  result.score++
}

function checkCount(schema: OpenApiSchema, size: number, place: Place, result: Result): void {
  const { minProperties, maxProperties } = schema as Record<string, number | undefined>
  if (minProperties !== undefined && size < minProperties) {
    complain(result, place, size, `should have at least ${minProperties} properties`)
  }
  if (maxProperties !== undefined && size > maxProperties) {
    const sentence = `${place.path} in body should have at most ${maxProperties} properties`
    add(result, sentence, tooMany(fieldOf(place), size, maxProperties))
  }
}

/** Finds out how a value does by the schemas of a keyword. */
type Examined = (keyword: string) => Result[]
type Say = (what: string) => void

const valid = ({ problems }: Result): boolean => problems.size === 0

function checkLogic(
  schema: OpenApiSchema,
  value: JsonValue,
  place: Place,
  correlation: Correlation | undefined,
): Result {
  const result: Result = { problems: new Map(), score: 1 }
  const examineHere = (one: OpenApiSchema) => examine(one, value, place, alongside(correlation))
  const examined: Examined = (keyword) => ((schema[keyword] ?? []) as OpenApiSchema[]).map(examineHere)
  const say: Say = (what) => {
    const sentence = `${goQuote(place.path)} ${what}`
    add(result, sentence, invalid(place.base === '' ? '<nil>' : place.base, '', sentence))
  }
  checkAnyOf(examined('anyOf'), result, say)
  checkOneOf(examined('oneOf'), result, say)
  const allOf = examined('allOf')
  for (const one of allOf) merge(result, one)
  const passed = allOf.filter(valid).length
  if (passed < allOf.length) say(`must validate all the schemas (allOf)${passed === 0 ? '. None validated' : ''}`)
  const not = schema['not'] as OpenApiSchema | undefined
  if (not !== undefined && valid(examineHere(not))) say('must not validate the schema (not)')
  return result
}

function checkAnyOf(alternatives: readonly Result[], result: Result, say: Say): void {
  if (alternatives.length === 0) return
  const passing = alternatives.find(valid)
  if (passing === undefined) say('must validate at least one schema (anyOf)')
  merge(result, passing ?? best(alternatives))
}

function checkOneOf(alternatives: readonly Result[], result: Result, say: Say): void {
  if (alternatives.length === 0) return
  const [first, ...others] = alternatives.filter(valid)
  if (first === undefined) {
    say('must validate one and only one schema (oneOf). Found none valid')
    merge(result, best(alternatives))
  } else if (others.length > 0) {
    say(`must validate one and only one schema (oneOf). Found ${others.length + 1} valid alternatives`)
  } else merge(result, first)
}

/** The first of those with the most checks passed. */
function best(results: readonly Result[]): Result {
  return results.reduce((most, one) => (one.score > most.score ? one : most))
}

/** An alternative looks at the same value: what is below it is correlated, the value as a whole is not forgiven here. */
function alongside(correlation: Correlation | undefined): Correlation | undefined {
  return correlation?.withoutForgiveness()
}
