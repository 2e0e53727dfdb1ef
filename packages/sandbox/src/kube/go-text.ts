import { stringifyJson } from '@resource-broker/json'

/** Printable ASCII that stands for itself between quotes. */
const PLAIN = /^[ !#-[\]-~]*$/

/** A string in Go's `%q`. */
export function goQuote(text: string): string {
  // Nearly all that is quoted is a name.
  if (PLAIN.test(text)) return `"${text}"`
  let quoted = '"'
  for (const character of text) quoted += escaped(character)
  return `${quoted}"`
}

/** A list of strings in Go's `%q`. */
export function goQuoteList(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\f': '\\f',
  '\v': '\\v',
  '\b': '\\b',
  '\u0007': '\\a',
}

function escaped(character: string): string {
  const known = ESCAPES[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) return character
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** A number in Go's `%v`: floats leave plain notation below 1e-4 and from 1e21 on. */
export function goNumber(value: number | bigint): string {
  if (typeof value === 'bigint') return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return value.toFixed(0)
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-4 && magnitude < 1e21) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** JSON as Go's encoding/json writes it: keys of maps sorted, `<`, `>`, `&` escaped. */
export function goJson(value: unknown): string {
  return goStructJson(sortKeys(value))
}

/** The same of structs: fields keep their order. */
export function goStructJson(value: unknown): string {
  return stringifyJson(value ?? null).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null || value instanceof InOrder) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const sorted: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of entries) sorted[key] = sortKeys(entry)
  return sorted
}

/** What stands for a Go struct: its fields keep the order of their declaration. */
export class InOrder {
  readonly #fields: readonly (readonly [string, unknown])[]

  constructor(fields: readonly (readonly [string, unknown])[]) {
    this.#fields = fields
  }

  toJSON(): unknown {
    return Object.fromEntries(this.#fields.map(([key, value]) => [key, sortKeys(value)]))
  }
}
