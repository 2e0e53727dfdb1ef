/** A part of a text: as it stands, or an expression in place of which its value stands. */
export type TextPart = { text: string } | { expression: string }

/**
 * Splits a text at each `${...}`. Braces nest within an expression, and string literals in ' or " with \ escapes are passed over. There
 * is no escape for a literal `${`: `${"${x}"}` gives `${x}`. That is how the Go broker reads templates. Returns what is wrong with it
 * where an expression is empty or does not end.
 */
export function splitText(text: string): TextPart[] | { mistake: string } {
  const parts: TextPart[] = []
  let at = 0
  for (;;) {
    const opens = text.indexOf('${', at)
    const before = text.slice(at, opens === -1 ? undefined : opens)
    if (before !== '') parts.push({ text: before })
    if (opens === -1) return parts
    const closes = endOf(text, opens + 2)
    if (closes === undefined) return { mistake: `the \${ at character ${opens + 1} is not closed` }
    const expression = text.slice(opens + 2, closes).trim()
    if (expression === '') return { mistake: `the \${} at character ${opens + 1} holds no expression` }
    parts.push({ expression })
    at = closes + 1
  }
}

/** Where the brace is that closes an expression, which begins at `from`. */
function endOf(text: string, from: number): number | undefined {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    const char = text[i]
    if (char === '"' || char === "'") i = endOfLiteral(text, i)
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i
  }
  return undefined
}

/** Where the quote is that closes the string literal whose first one is at `from`. */
function endOfLiteral(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[from]) return i
  }
  return text.length
}
