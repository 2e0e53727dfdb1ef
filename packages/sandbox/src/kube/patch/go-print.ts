import { goNumber, goQuote } from '../go-text.ts'
import { isObject } from '../json.ts'
import type { JsonValue } from '../objects.ts'

/** A JSON value in Go's `%v`: `map[a:1 b:[x y]]`. */
export function goPlain(value: JsonValue): string {
  if (value === null) return '<nil>'
  if (typeof value === 'number') return goNumber(value)
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`
  return isObject(value)
    ? `map[${sorted(value, (key, member) => `${key}:${goPlain(member)}`).join(' ')}]`
    : String(value)
}

/** A JSON value in Go's `%#v`. */
export function goSyntax(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)'
  if (typeof value === 'string') return goQuote(value)
  if (typeof value === 'number') return goNumber(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (!isObject(value)) return String(value)
  return `map[string]interface {}{${sorted(value, (key, member) => `${goQuote(key)}:${goSyntax(member)}`).join(', ')}}`
}

/** The Go type of a JSON value, as `%T` has it. */
export function goTypeName(value: JsonValue): string {
  if (value === null) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int64'
  return typeof value === 'number' ? (Number.isSafeInteger(value) ? 'int64' : 'float64') : 'string'
}

function sorted(map: { [key: string]: JsonValue }, print: (key: string, value: JsonValue) => string): string[] {
  return Object.keys(map)
    .sort()
    .map((key) => print(key, map[key]!))
}
