import { stringifyJson } from '@resource-broker/json'
import { goJson, goQuote } from '../../go-text.ts'
import { isNumber, isObject, parseJson } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'

/**
 * One step of a path as fieldsV1 writes it: `f:name` a field, `k:{...}` the item of a list with these keys, `v:...` the
 * item of a set, `i:0` the item of an atomic list. Equal steps have equal texts.
 */
export type PathElement = string

/** A text that is no path element. */
export class PathElementError extends Error {
  override readonly name = 'PathElementError'
}

export const fieldElement = (name: string): PathElement => `f:${name}`

/** The item of a set. */
export const valueElement = (value: JsonValue): PathElement => `v:${goJson(value)}`

/** The item whose keys have these values; the names may come in any order. */
export function keyElement(keys: readonly (readonly [name: string, value: JsonValue])[]): PathElement {
  const sorted = keys.length > 1 ? keys.toSorted(([a], [b]) => compareText(a, b)) : keys
  return `k:{${sorted.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`
}

/** Reads a key of fieldsV1 into its one form; undefined for kinds of steps that are not known. Throws PathElementError. */
export function readElement(text: string): PathElement | undefined {
  if (text.startsWith('f:')) return text
  if (text.length < 2) throw new PathElementError('key must be 2 characters long:')
  if (text[1] !== ':') throw new PathElementError(`missing colon: ${text}`)
  const content = text.slice(2)
  if (text[0] === 'v') return valueElement(parse(content))
  if (text[0] === 'i') return /^[+-]?\d+$/.test(content) ? `i:${Number(content)}` : refuse(`invalid index: ${content}`)
  if (text[0] !== 'k') return undefined
  const keys = parse(content)
  return isObject(keys) ? keyElement(Object.entries(keys)) : refuse(`invalid key: ${content}`)
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new PathElementError((cause as Error).message, { cause })
  }
}

function refuse(message: string): never {
  throw new PathElementError(message)
}

/** The name of a field, undefined for items of lists. */
export function fieldName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined
}

export const isKeyElement = (element: PathElement): boolean => element.startsWith('k:')

/** As messages show it: `.name`, `[name="x"]`, `[="x"]`, `[0]`. */
export function showElement(element: PathElement): string {
  const content = element.slice(2)
  if (element[0] === 'f') return `.${content}`
  if (element[0] === 'i') return `[${content}]`
  if (element[0] === 'v') return `[=${show(parse(content))}]`
  const keys = parse(content) as JsonObject
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${show(value)}`)
    .join(',')}]`
}

function show(value: JsonValue): string {
  if (typeof value === 'string') return goQuote(value)
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`
  if (!isObject(value)) return String(value)
  return Object.entries(value)
    .map(([name, member]) => `${name}=${show(member)}`)
    .join('')
}

const KINDS = 'fkvi'
const SURROGATE = /[\ud800-\udfff]/

/** Sorts in place in the order of fieldsV1: fields, keys, values, indices; each in its own order. */
export function sortElements(elements: PathElement[]): PathElement[] {
  if (elements.length < 2) return elements
  // Texts of fields alone are in the order of the names.
  return elements.every(isPlainField) ? elements.sort() : elements.sort(compareElements)
}

function isPlainField(element: PathElement): boolean {
  return element.startsWith('f:') && !SURROGATE.test(element)
}

function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0
  const kind = KINDS.indexOf(a[0]!) - KINDS.indexOf(b[0]!)
  if (kind !== 0) return kind
  if (a[0] === 'f') return compareText(a, b)
  const [left, right] = [parse(a.slice(2)), parse(b.slice(2))]
  return a[0] === 'k' ? compareKeys(left as JsonObject, right as JsonObject) : compareValues(left, right)
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const [left, right] = [Object.entries(a), Object.entries(b)]
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = compareText(name, other[0]) || compareValues(value, other[1])
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareValues(a: JsonValue, b: JsonValue): number {
  const order = rank(a) - rank(b)
  if (order !== 0) return order
  if (typeof a === 'string') return compareText(a, b as string)
  if (typeof a === 'boolean') return Number(a) - Number(b)
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  return compareText(stringifyJson(a), stringifyJson(b))
}

function rank(value: JsonValue): number {
  if (value === null) return 5
  if (Array.isArray(value)) return 3
  return isNumber(value) ? 0 : ['', 'string', 'boolean', '', 'object'].indexOf(typeof value)
}

/** The order of the texts' bytes in UTF-8, as Go compares. */
export function compareText(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
