import { endOfString, parseJson as parseExactly } from '@resource-broker/json'
import { goSyntaxError } from './json-syntax.ts'
import type { JsonObject, JsonValue } from './objects.ts'

/** Deeper documents are refused; the checks that follow walk them by recursion. */
export const MAX_DEPTH = 512

/** A document that is no JSON; the message is that of Go's encoding/json. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}

/**
 * Parses JSON; what a number would round of an int64 is a bigint. `__proto__` becomes a key like any other (JSON.parse defines own properties); write such keys only by
 * `setKey`. Throws JsonSyntaxError.
 */
export function parseJson(text: string | Buffer): JsonValue {
  return parseJsonCounted(text).value
}

/** As parseJson; `colons` is the number of members that the text holds, with repeated keys. */
export function parseJsonCounted(text: string | Buffer): { value: JsonValue; colons: number } {
  const source = typeof text === 'string' ? text : text.toString('utf8')
  const { depth, colons } = measure(source)
  if (depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth')
  try {
    return { value: parseExactly<JsonValue>(source), colons }
  } catch (cause) {
    throw new JsonSyntaxError(goSyntaxError(source), { cause })
  }
}

/** Parses JSON that this program wrote. */
export function parseOwnJson<T = JsonObject>(bytes: Buffer): T {
  return parseExactly<T>(bytes.toString('utf8'))
}

/** Whether `object` has `key` itself. */
export function hasKey(object: object, key: string): boolean {
  return Object.hasOwn(object, key)
}

/** The own value of `key`, never something inherited. */
export function getKey<T>(object: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets a key that came from outside; `object[key] = value` would call the setter of `__proto__`. */
export function setKey<T>(object: { [key: string]: T }, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

/** Whether a value is a number of either form. */
export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Whether a value is a JSON object, not an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether lists and objects stand in one another more than `limit` times. */
export function isDeeperThan(limit: number, value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit <= 0 || Object.values(value).some((member) => isDeeperThan(limit - 1, member))
}

/** A copy that shares nothing with `value`. Members that are undefined are left out. */
export function deepClone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(deepClone) as T
  const copy: { [key: string]: unknown } = {}
  for (const key of Object.keys(value)) {
    const member = (value as { [key: string]: unknown })[key]
    if (member !== undefined) setKey(copy, key, deepClone(member))
  }
  return copy as T
}

/** Equality of JSON values; the order of keys does not matter, and an undefined member is as none. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => deepEqual(item, b[index]))
  }
  return equalObjects(a as JsonObject, b as JsonObject)
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  let defined = 0
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue
    defined++
    if (!Object.hasOwn(b, key) || !deepEqual(a[key], b[key])) return false
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) defined--
  return defined === 0
}

const QUOTE = 34

/** Nesting and number of colons outside of strings, in one pass. */
function measure(text: string): { depth: number; colons: number } {
  let depth = 0
  let deepest = 0
  let colons = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index)
    else if (code === 58) colons++
    else if (code === 123 || code === 91) {
      depth++
      if (depth > deepest) deepest = depth
    } else if (code === 125 || code === 93) depth--
  }
  return { depth: deepest, colons }
}

/** Number of members in a parsed document; less than its colons when keys were repeated. */
export function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countMembers(item), 0)
  let count = 0
  for (const key of Object.keys(value)) count += 1 + countMembers(value[key]!)
  return count
}
