import type { FieldError } from '../errors.ts'
import { goQuote } from '../go-text.ts'
import { goJson } from './go-json.ts'

const WORDS = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
} as const

function make(type: keyof typeof WORDS, field: string, value: string, detail: string): FieldError {
  const message = [WORDS[type], value, detail].filter((part) => part !== '').join(': ')
  return { type, field, message }
}

/** What is not there but has to be. */
export function required(field: string, detail = ''): FieldError {
  return make('FieldValueRequired', field, '', detail)
}

/** A value that breaks a rule; `detail` tells the rule. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return make('FieldValueInvalid', field, shown(value), detail)
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`
  return make('FieldValueNotSupported', field, shown(value), detail)
}

export function forbiddenField(field: string, detail: string): FieldError {
  return make('FieldValueForbidden', field, '', detail)
}

export function duplicate(field: string, value: unknown): FieldError {
  return make('FieldValueDuplicate', field, shown(value), '')
}

/** `limit` in bytes. */
export function tooLong(field: string, limit: number): FieldError {
  return make('FieldValueTooLong', field, '', `may not be more than ${limit} byte${limit === 1 ? '' : 's'}`)
}

export function tooMany(field: string, count: number, limit: number): FieldError {
  return make('FieldValueTooMany', field, String(count), `must have at most ${limit} item${limit === 1 ? '' : 's'}`)
}

/** `messages` of a name rule as errors of one field. */
export function invalidEach(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message))
}

/** An error when a field that may not change did; absent and empty are the same. */
export function immutable(field: string, next: unknown, old: unknown, detail = 'field is immutable'): FieldError[] {
  return goJson(next ?? null) === goJson(old ?? null) ? [] : [invalid(field, next ?? '', detail)]
}

function shown(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  return typeof value === 'object' ? goJson(value) : String(value)
}
