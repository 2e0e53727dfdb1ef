import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, stringifyJson } from './mod.ts'

type Vector = { name: string; text: string; type?: string; written?: string }
const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'))

describe('numbers', () => {
  test.each(vectors('numbers.json'))('$name', ({ text, type, written = text }) => {
    expect(typeof parseJson(text)).toBe(type)
    expect(stringifyJson(parseJson(text))).toBe(written)
    const within = (value: string) => `{"a":[${value},{"b":${value}}],"c":${value}}`
    expect(stringifyJson(parseJson(within(text)))).toBe(within(written))
  })
})

test.each(vectors('texts.json'))('passes as it was written: $name', ({ text }) => {
  expect(stringifyJson(parseJson(text))).toBe(text)
})

test.each(vectors('refused.json'))('refuses: $name', ({ text }) => {
  expect(() => parseJson(text)).toThrow(SyntaxError)
})

const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 4n }),
)
const exact = integer.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    exact,
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Number.isInteger(number) ? 0.5 : number)),
    fc.constantFrom<unknown>(null, true, false, '9007199254740993', '"9007199254740993', '\\'),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
}))

test('whatever is written is read as it was', () => {
  const indents = fc.constantFrom(undefined, 2)
  fc.assert(
    fc.property(value, indents, (given, indent) => {
      expect(parseJson(stringifyJson(given, indent))).toEqual(given)
    }),
  )
})

/** A text with one place changed: often no JSON any more. */
const text = fc
  .tuple(
    value.map((given) => stringifyJson(given)),
    fc.nat(),
    fc.constantFrom('', '"', '\\', ',', ':', '1', '-', '.', ' ', ']'),
  )
  .map(([written, at, put]) => {
    const place = at % (written.length + 1)
    return written.slice(0, place) + put + written.slice(place + (at % 2))
  })
const attempt = (parse: (given: string) => unknown, given: string): unknown => {
  try {
    return parse(given)
  } catch (error) {
    return (error as Error).name
  }
}
/** What numbers alone would have made of it. */
function rounded(given: unknown): unknown {
  if (typeof given === 'bigint') return Number(given)
  if (Array.isArray(given)) return given.map(rounded)
  if (typeof given !== 'object' || given === null) return given
  return Object.fromEntries(Object.entries(given).map(([key, member]) => [key, rounded(member)]))
}

test('but for the exact integers, a text is to it what it is to JSON.parse', () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(rounded(attempt(parseJson, given))).toEqual(attempt(JSON.parse, given))
    }),
    { numRuns: 2_000 },
  )
})

test('nests as deep as kube-apiserver lets documents, with an exact integer at the bottom', () => {
  // sigs.k8s.io/json: 10,000 levels
  const text = `${'{"a":['.repeat(5_000)}9007199254740993${']}'.repeat(5_000)}`
  expect(stringifyJson(parseJson(text)) === text).toBe(true)
})

test('what stands in two places is written twice, and a circle is refused', () => {
  const shared = { large: 9007199254740993n }
  expect(stringifyJson([shared, shared])).toBe('[{"large":9007199254740993},{"large":9007199254740993}]')
  const circle: { large: bigint; self?: unknown } = { large: 9007199254740993n }
  circle.self = circle
  expect(() => stringifyJson(circle)).toThrow(TypeError)
  expect(() => stringifyJson(undefined)).toThrow('there is no JSON of undefined')
})

test('objects that write themselves do so beside an exact integer too', () => {
  const itself = { toJSON: () => ({ inner: 9007199254740993n }) }
  expect(stringifyJson({ at: new Date(0), itself, left: undefined })).toBe(
    '{"at":"1970-01-01T00:00:00.000Z","itself":{"inner":9007199254740993}}',
  )
})
