/** Digits of 2^53, the first integer that a number of JavaScript may round. */
export const DIGITS = 16

const [ZERO, NINE, MINUS] = [48, 57, 45]
/** What an integer may follow in JSON, besides white space: `,`, `:` and `[`. */
const BEFORE = new Set([44, 58, 91])

/**
 * Whether a text may hold an integer of so many digits that a number would round it. Looks at each 16th character only, as a run of 16
 * digits has one of those; digits within a string are not mistaken for an integer where a quote or a letter precedes them.
 */
export function mayHoldLongIntegers(text: string): boolean {
  for (let at = DIGITS - 1; at < text.length; at += DIGITS) {
    if (!isDigit(text, at)) continue
    let start = at
    while (isDigit(text, start - 1)) start--
    let end = at + 1
    while (isDigit(text, end)) end++
    if (end - start >= DIGITS && startsValue(text, start)) return true
    at = end - 1
  }
  return false
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code >= ZERO && code <= NINE
}

function startsValue(text: string, digits: number): boolean {
  const before = text.charCodeAt(digits - 1) === MINUS ? digits - 2 : digits - 1
  const code = text.charCodeAt(before)
  return before < 0 || code <= 32 || BEFORE.has(code)
}
