import type { FieldError } from '../errors.ts'
import { goStructJson } from '../go-text.ts'
import { invalidAs, valueText } from '../schema/field-errors.ts'

export { duplicate, forbidden, notSupported, required, tooLong, tooMany } from '../schema/field-errors.ts'

/** A value that breaks a rule; `detail` tells the rule. Unlike those of custom resources, objects here are structs in Go. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return invalidAs(field, typeof value === 'object' ? goStructJson(value) : valueText(value), detail)
}

/** `messages` of a name rule as errors of one field. */
export function invalidEach(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message))
}

/** An error when a field that may not change did; absent and empty are the same. */
export function immutable(field: string, next: unknown, old: unknown, detail = 'field is immutable'): FieldError[] {
  return goStructJson(next) === goStructJson(old) ? [] : [invalid(field, next ?? '', detail)]
}
