import { endOfString } from './end-of-string.ts'
import { DIGITS, mayHoldLongIntegers } from './long-integers.ts'
import { MARK } from './mark.ts'

/** A whole value of JSON, outside of strings; what follows keeps keys of objects, which JSON wants in quotes, from passing. */
const LONG_INTEGER = /(?<![\d.eE+-])-?[1-9]\d{15,}(?=\s*(?:[,\]}]|$))/g

/**
 * As JSON.parse, but integers that a number would round are bigints, as long as they fit into 64 bits; others are the nearest double,
 * as Kubernetes reads them (sigs.k8s.io/json). What is of one value has one form: a bigint is never within the safe integers.
 * @throws {SyntaxError} where JSON.parse does
 */
export function parseJson<T = unknown>(text: string): T {
  if (!mayHoldLongIntegers(text)) return JSON.parse(text) as T
  const marked = markIntegers(text)
  const value: unknown = JSON.parse(marked)
  return (marked === text ? value : readMarks(value)) as T
}

/** `text` with each such integer as a marked string. JSON.parse's own reviver would nest no deeper than 2,500 and takes four times as long. */
function markIntegers(text: string): string {
  let marked = ''
  let done = 0
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const end = quote < 0 ? text.length : quote
    if (end - at >= DIGITS) {
      marked += text.slice(done, at) + text.slice(at, end).replace(LONG_INTEGER, markInteger)
      done = end
    }
    at = quote < 0 ? end : endOfString(text, quote) + 1
  }
  return marked + text.slice(done)
}

function markInteger(digits: string): string {
  const value = BigInt(digits)
  const isRounded = !Number.isSafeInteger(Number(digits)) && BigInt.asIntN(64, value) === value
  return isRounded ? `"${MARK}${digits}"` : digits
}

/** Puts the integers in their places, in `root` itself. */
function readMarks(root: unknown): unknown {
  const top = [root]
  const open: (unknown[] | Record<string, unknown>)[] = [top]
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const key of Object.keys(holder)) {
      const value = (holder as Record<string, unknown>)[key]
      if (typeof value === 'string' && value.startsWith(MARK))
        (holder as Record<string, unknown>)[key] = BigInt(value.slice(MARK.length))
      else if (typeof value === 'object' && value !== null) open.push(value as Record<string, unknown>)
    }
  }
  return top[0]
}
