import { goQuote } from '../go-text.ts'
import { labelValueErrors, qualifiedNameErrors } from '../name-rules.ts'

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!'

/** One condition on labels. `values` are sorted and have no repetitions. */
export type Requirement = { readonly key: string; readonly operator: Operator; readonly values: readonly string[] }
export type Labels = Readonly<Record<string, string>> | undefined

/** A selector that is none, in the words of k8s.io/apimachinery/pkg/labels. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError'
}

/** Checks key and values. Throws SelectorError. */
export function requirement(key: string, operator: Operator, values: Iterable<string>): Requirement {
  const list = [...new Set(values)].sort()
  const errors = [...keyErrors(key), ...countErrors(operator, list)]
  for (const [index, value] of list.entries()) {
    const wrong = labelValueErrors(value)
    if (wrong.length > 0) errors.push(`values[${index}][${key}]: Invalid value: ${goQuote(value)}: ${wrong.join('; ')}`)
  }
  if (errors.length > 0) throw new SelectorError(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`)
  return { key, operator, values: list }
}

/** A key on its own, before anything is known about what follows. Throws SelectorError. */
export function checkKey(key: string): void {
  const wrong = qualifiedNameErrors(key)
  if (wrong.length > 0) throw new SelectorError(`<nil>: Invalid value: ${goQuote(key)}: ${wrong.join('; ')}`)
}

function keyErrors(key: string): string[] {
  const wrong = qualifiedNameErrors(key)
  return wrong.length > 0 ? [`key: Invalid value: ${goQuote(key)}: ${wrong.join('; ')}`] : []
}

function countErrors(operator: Operator, values: readonly string[]): string[] {
  if (operator !== 'gt' && operator !== 'lt') return []
  return values.flatMap((value, index) =>
    integer(value) === undefined
      ? [`values[${index}]: Invalid value: ${goQuote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`]
      : [],
  )
}

const MAX_INTEGER = 2n ** 63n

/** A 64-bit integer as Go's strconv.ParseInt reads it. */
function integer(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const value = text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text)
  return value >= -MAX_INTEGER && value < MAX_INTEGER ? value : undefined
}

/** Whether labels fulfil a requirement. */
export function fulfils(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    default:
      return value !== undefined && compares(value, operator, values[0] ?? '')
  }
}

function compares(value: string, operator: 'gt' | 'lt', bound: string): boolean {
  const [left, right] = [integer(value), integer(bound)]
  if (left === undefined || right === undefined) return false
  return operator === 'gt' ? left > right : left < right
}
