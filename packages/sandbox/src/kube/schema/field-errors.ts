import type { FieldError } from '../errors.ts'
import { goJson, goNumber, goQuote } from '../go-text.ts'
import { isNumber } from '../json.ts'

/** The words of k8s.io/apimachinery/pkg/util/validation/field, one function per kind of error. */
export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  invalidAs(field, valueText(value), detail)

export const typeInvalid = (field: string, value: unknown, detail: string): FieldError =>
  ofValue('FieldValueTypeInvalid', 'Invalid value', field, value, detail)

export const duplicate = (field: string, value: unknown): FieldError =>
  ofValue('FieldValueDuplicate', 'Duplicate value', field, value, '')

export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, message: withDetail('Required value', detail) }
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) }
}

export function internalError(field: string, detail: string): FieldError {
  return { type: 'InternalError', field, message: withDetail('Internal error', detail) }
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`
  return ofValue('FieldValueNotSupported', 'Unsupported value', field, value, detail)
}

export function tooLong(field: string, max: number): FieldError {
  return {
    type: 'FieldValueTooLong',
    field,
    message: `Too long: may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`,
  }
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  const detail = `must have at most ${max} ${max === 1 ? 'item' : 'items'}`
  return ofValue('FieldValueTooMany', 'Too many', field, actual, detail)
}

/** A value that is shown as `text`. */
export function invalidAs(field: string, text: string, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: withDetail(`Invalid value: ${text}`, detail) }
}

function ofValue(type: FieldError['type'], title: string, field: string, value: unknown, detail: string): FieldError {
  return { type, field, message: withDetail(`${title}: ${valueText(value)}`, detail) }
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`
}

/** A value of a custom resource, as messages show it. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return goQuote(value)
  if (isNumber(value)) return goNumber(value)
  return typeof value === 'boolean' ? String(value) : goJson(value)
}
