import type { Filter } from '../kinds/accept-api.ts'
import { compareQuantities, parseQuantity, type Quantity } from '../quantity.ts'
import { compilePattern, LONGEST_SUBJECT, type Pattern } from './pattern.ts'
import { describe, listed, quoted, type RuleName } from './refusal.ts'

/** What the offer index needs to know of a rule to look offers up instead of trying each. */
export type Lookup =
  | { by: 'value'; texts: readonly string[] }
  | { by: 'prefix' | 'suffix'; text: string }
  /** One of the texts is somewhere in the value. */
  | { by: 'part'; texts: readonly string[] }
  | { by: 'range'; min: Quantity | undefined; max: Quantity | undefined }
  | { by: 'presence' }

/** One condition of one filter, compiled. `holds` is never asked about a missing value, except by `exists`. */
export type Rule = {
  rule: RuleName
  want: string
  /** What the value has to be, such as `a string`; values of another type never hold. */
  type: { name: string; is: (value: unknown) => boolean } | undefined
  holds: (value: unknown) => boolean
  lookup: Lookup | undefined
}

type RuleMistake = { field: string; message: string }
/** A rule; nothing, where the condition is not given; or what is wrong with it. */
type Compiled = Rule | undefined | RuleMistake[]

const scalar = {
  name: 'a string, number or boolean',
  is: (value: unknown) => value !== null && typeof value !== 'object',
}
const text = { name: 'a string', is: (value: unknown) => typeof value === 'string' }
const shortText = {
  name: `a string of at most ${LONGEST_SUBJECT} characters`,
  is: (value: unknown) => typeof value === 'string' && value.length <= LONGEST_SUBJECT,
}
const numeric = { name: 'a number or quantity', is: (value: unknown) => parseQuantity(value) !== undefined }

/**
 * The text by which valueIn and notIn compare a number, boolean or string: as the Go broker does (fmt's %v), so `8`
 * in an object is in ["8"]. Numbers are written as JSON writes them.
 */
export const scalarText = (value: unknown): string | undefined =>
  scalar.is(value) && value !== undefined ? String(value) : undefined

/** Compiles the conditions of one filter that look at its key; mistakes name the filter's field. */
export function compileRules(filter: Filter): { rules: Rule[]; mistakes: RuleMistake[] } {
  const compiled = [
    valueIn(filter),
    notIn(filter),
    prefix(filter),
    suffix(filter),
    pattern(filter),
    exists(filter),
    boundary(filter),
  ]
  return {
    rules: compiled.filter((rule): rule is Rule => rule !== undefined && !Array.isArray(rule)),
    mistakes: compiled.filter(Array.isArray).flat(),
  }
}

function valueIn({ valueIn: texts = [] }: Filter): Compiled {
  if (texts.length === 0) return undefined
  const wanted = new Set(texts)
  return {
    rule: 'valueIn',
    want: listed('one of', texts),
    type: scalar,
    holds: (value) => wanted.has(String(value)),
    lookup: { by: 'value', texts: [...wanted] },
  }
}

function notIn({ notIn: texts = [] }: Filter): Compiled {
  if (texts.length === 0) return undefined
  const unwanted = new Set(texts)
  return {
    rule: 'notIn',
    want: listed('none of', texts),
    type: scalar,
    holds: (value) => !unwanted.has(String(value)),
    lookup: { by: 'presence' },
  }
}

function prefix({ prefix: start = '' }: Filter): Compiled {
  if (start === '') return undefined
  const holds = (value: unknown) => (value as string).startsWith(start)
  return { rule: 'prefix', want: quoted(start), type: text, holds, lookup: { by: 'prefix', text: start } }
}

function suffix({ suffix: end = '' }: Filter): Compiled {
  if (end === '') return undefined
  const holds = (value: unknown) => (value as string).endsWith(end)
  return { rule: 'suffix', want: quoted(end), type: text, holds, lookup: { by: 'suffix', text: end } }
}

function pattern({ pattern: source = '' }: Filter): Compiled {
  if (source === '') return undefined
  const compiled = compilePattern(source)
  if ('mistake' in compiled) return [{ field: 'pattern', message: compiled.mistake }]
  const holds = (value: unknown) => compiled.test(value as string)
  return { rule: 'pattern', want: quoted(source), type: shortText, holds, lookup: patternLookup(compiled) }
}

/** How the index finds the values that a pattern may match. */
export const patternLookup = ({ needles }: Pattern): Lookup =>
  needles === undefined ? { by: 'presence' } : { by: 'part', texts: needles }

function exists({ exists: wanted }: Filter): Compiled {
  if (wanted === undefined) return undefined
  return {
    rule: 'exists',
    want: wanted ? 'a value' : 'no value',
    type: undefined,
    holds: (value) => (value !== undefined) === wanted,
    lookup: wanted ? { by: 'presence' } : undefined,
  }
}

function boundary({ boundary: { min: low, max: high } = {} }: Filter): Compiled {
  if (low === undefined && high === undefined) return undefined
  const [min, max] = [parseQuantity(low), parseQuantity(high)]
  const mistakes = [
    ...unreadable('boundary.min', low, min),
    ...unreadable('boundary.max', high, max),
    ...(min && max && compareQuantities(min, max) > 0
      ? [{ field: 'boundary', message: `min ${low} is above max ${high}: nothing could match` }]
      : []),
  ]
  if (mistakes.length > 0) return mistakes
  return {
    rule: 'boundary',
    want: low === undefined ? `at most ${high}` : high === undefined ? `at least ${low}` : `${low} to ${high}`,
    type: numeric,
    holds: (value) => {
      const got = parseQuantity(value)
      return got !== undefined && !(min && compareQuantities(got, min) < 0) && !(max && compareQuantities(got, max) > 0)
    },
    lookup: { by: 'range', min, max },
  }
}

function unreadable(field: string, given: unknown, read: Quantity | undefined): RuleMistake[] {
  if (given === undefined || read !== undefined) return []
  return [{ field, message: `${describe(given)} is neither a number nor a quantity such as 16Gi or 500m` }]
}
