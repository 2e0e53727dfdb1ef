import { StatusError } from '../errors.ts'
import { goQuote } from '../go-text.ts'
import { isObject } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { fulfils, type Labels, type Operator, requirement, SelectorError } from './requirement.ts'

const OPERATORS: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/**
 * Whether a `LabelSelector` of meta/v1 selects labels: an empty one selects all, none at all selects nothing. Throws
 * StatusError 400 for one that is no selector.
 */
export function labelSelectorMatches(selector: JsonObject | null | undefined, labels: Labels): boolean {
  if (selector === null || selector === undefined) return false
  const { matchLabels, matchExpressions } = selector
  try {
    return labelsMatch(matchLabels, labels) && expressionsMatch(matchExpressions, labels)
  } catch (error) {
    if (error instanceof SelectorError) throw StatusError.badRequest(error.message)
    throw error
  }
}

function labelsMatch(wanted: JsonValue | undefined, labels: Labels): boolean {
  if (!isObject(wanted)) return true
  return Object.entries(wanted).every(([key, value]) => fulfils(labels, requirement(key, '=', [String(value)])))
}

function expressionsMatch(expressions: JsonValue | undefined, labels: Labels): boolean {
  if (!Array.isArray(expressions)) return true
  return expressions.every((expression) => !isObject(expression) || expressionMatches(expression, labels))
}

function expressionMatches({ key, operator, values }: JsonObject, labels: Labels): boolean {
  const name = String(operator ?? '')
  const known = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined
  if (known === undefined) throw new SelectorError(`${goQuote(name)} is not a valid label selector operator`)
  return fulfils(labels, requirement(String(key ?? ''), known, Array.isArray(values) ? values.map(String) : []))
}
