import type { FieldError } from '../errors.ts'
import { labelValueErrors, qualifiedNameErrors } from '../name-rules.ts'
import { forbidden, invalid, invalidEach, required } from './field-errors.ts'
import { sortedKeys } from './sorted-keys.ts'

export type LabelSelector = {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** What is wrong with a label selector, as metav1 validation says it. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string): FieldError[] {
  if (selector === undefined) return []
  const errors: FieldError[] = []
  for (const key of sortedKeys(selector.matchLabels)) {
    const value = selector.matchLabels![key]!
    errors.push(...invalidEach(`${path}.matchLabels`, key, qualifiedNameErrors(key)))
    errors.push(...invalidEach(`${path}.matchLabels`, value, labelValueErrors(value)))
  }
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, `${path}.matchExpressions[${index}]`))
  }
  return errors
}

function validateRequirement(
  { key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number],
  path: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    }
  } else errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  errors.push(...invalidEach(`${path}.key`, key, qualifiedNameErrors(key)))
  for (const [index, value] of values.entries()) {
    errors.push(...invalidEach(`${path}.values[${index}]`, value, labelValueErrors(value)))
  }
  return errors
}
