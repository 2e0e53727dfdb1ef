import { StatusError } from '../errors.ts'
import { goQuote } from '../go-text.ts'
import type { JsonValue } from '../objects.ts'

/** The kind of a JSON value, as Go's decoder names it in errors. */
export function goTypeOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** A patch that cannot be applied to this object; why is not told. */
export function unprocessable(cause: Error): StatusError {
  const message = 'the server rejected our request due to an error in our request'
  return new StatusError(422, 'Invalid', message, {}, { cause })
}

/** A patch whose result is no object. */
export function refusedPatch(shown: string, why: string): StatusError {
  const message = `Invalid value: ${goQuote(shown)}: ${why}`
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  })
}
