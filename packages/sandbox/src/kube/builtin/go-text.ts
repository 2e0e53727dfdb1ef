/** A string in Go's `%q`, for messages that kube-apiserver builds with it. */
export function goQuote(text: string): string {
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
  if (/[\p{C}\p{Zs}\p{Zl}\p{Zp}]/u.test(character) && character !== ' ') {
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  }
  return character
}

const HTML: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON as Go's encoding/json writes it, for messages that show a value. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (character) => HTML[character]!)
}

/** Keys in Go's order, for messages of which kube-apiserver gives one per key of a map. */
export function sortedKeys(map: object | null | undefined): string[] {
  return Object.keys(map ?? {}).sort()
}
