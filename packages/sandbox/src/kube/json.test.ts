import { expect, test } from 'vitest'
import { countMembers, deepClone, deepEqual, getKey, MAX_DEPTH, parseJson, parseJsonCounted, setKey } from './json.ts'
import { duplicateKeys } from './requests/decoding/duplicate-keys.ts'

test('prototype names are keys like any other', () => {
  const parsed = parseJson('{"__proto__":{"polluted":true},"constructor":1}') as { [key: string]: number }
  expect(Object.keys(parsed)).toEqual(['__proto__', 'constructor'])
  expect(JSON.stringify(deepClone(parsed))).toBe('{"__proto__":{"polluted":true},"constructor":1}')
  expect(getKey<unknown>({}, '__proto__')).toBeUndefined()
  const target: { [key: string]: unknown } = {}
  setKey(target, '__proto__', { polluted: true })
  expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
  expect(deepEqual(target, {})).toBe(false)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test.each([
  ['{', 'unexpected end of JSON input'],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['nul', 'unexpected end of JSON input'],
  ['nil', "invalid character 'i' in literal null (expecting 'u')"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['["a\nb"]', String.raw`invalid character '\n' in string literal`],
  [String.raw`["\x"]`, "invalid character 'x' in string escape code"],
  [String.raw`["\u12g4"]`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
  ['[-]', "invalid character ']' in numeric literal"],
  ['[1.]', "invalid character ']' after decimal point in numeric literal"],
  ['[1e]', "invalid character ']' in exponent of numeric literal"],
  ['apiVersion: v1', "invalid character 'a' looking for beginning of value"],
])('%s is refused in the words of Go', (text, message) => {
  expect(() => parseJson(text)).toThrow(message)
})

test('documents that are nested too deeply are refused before anything walks them', () => {
  expect(() => parseJson('['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1))).toThrow('exceeded max depth')
  expect(() => parseJson(`"${'['.repeat(5000)}"`)).not.toThrow()
  expect(() => parseJson('['.repeat(100_000))).toThrow('exceeded max depth')
})

test('a repeated key is one colon more than there are members', () => {
  const unique = parseJsonCounted(String.raw`{"a:\"b":{"c":[{"d":":"}]}}`)
  expect(countMembers(unique.value)).toBe(unique.colons)
  const text = '{"metadata":{"name":"x","name":"y"},"spec":{"list":[{"a":1},{"b":1,"b":2}]},"spec":{}}'
  const repeated = parseJsonCounted(text)
  expect(countMembers(repeated.value)).toBeLessThan(repeated.colons)
  expect(duplicateKeys(text)).toEqual(['metadata.name', 'spec.list[1].b', 'spec'])
})

test('equality ignores the order of keys and members that are undefined', () => {
  expect(deepEqual({ a: 1, b: { c: [1, { d: 2 }] } }, { b: { c: [1, { d: 2 }] }, a: 1, x: undefined })).toBe(true)
  expect(deepEqual({ a: 1 }, { a: 1, b: null })).toBe(false)
  expect(deepEqual([], {})).toBe(false)
})
