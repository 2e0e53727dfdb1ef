import { stringifyJson } from '@resource-broker/json'

const unordered = new WeakSet<object>()

/** Marks a list in which order does not count for equality: x-kubernetes-list-type set and map. */
export function orderless<T extends object>(list: T): T {
  unordered.add(list)
  return list
}

/** Equality of CEL values: numbers across their types, lists in order, maps and objects by entries. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNumber(a) && isNumber(b)) return a <= b && a >= b
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) && Array.isArray(b) && (unordered.has(a) || unordered.has(b))) return equalAsSets(a, b)
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => equal(item, b[at]))
  if (isEntries(a)) {
    if (!isEntries(b)) return false
    const [left, right] = [entriesOf(a), entriesOf(b)]
    return left.size === right.size && [...left].every(([key, value]) => right.has(key) && equal(value, right.get(key)))
  }
  if (a.constructor !== b.constructor) return false
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array) === 0
  return hasEquals(a) ? a.equals(b) : Object.is(a.valueOf(), b.valueOf())
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

const isEntries = (value: object): boolean => value instanceof Map || value.constructor === Object

function entriesOf(value: object): Map<unknown, unknown> {
  return value instanceof Map ? value : new Map(Object.entries(value))
}

function hasEquals(value: object): value is { equals: (other: unknown) => boolean } {
  return 'equals' in value && typeof value.equals === 'function'
}

function equalAsSets(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  const [left, right] = [a.map(textOf).sort(), b.map(textOf).sort()]
  return left.every((text, at) => text === right[at])
}

/** A text that equal values share. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) {
    const texts = value.map(textOf)
    return `[${(unordered.has(value) ? texts.sort() : texts).join()}]`
  }
  if (typeof value === 'object' && value !== null && isEntries(value)) {
    return `{${[...entriesOf(value)]
      .map(([key, entry]) => `${textOf(key)}:${textOf(entry)}`)
      .sort()
      .join()}}`
  }
  return typeof value === 'string' ? stringifyJson(value) : String(value)
}
