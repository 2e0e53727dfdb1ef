import { expect, test } from 'vitest'
import { warningHeader } from './warning-header.ts'

test('a warning stands in quotes, once, without what a header cannot hold', () => {
  expect(warningHeader(['a "b"\nc', 'd\u00e9', 'a "b"\nc'])).toBe('299 - "a \\"b\\" c", 299 - "d?"')
})

test('few long warnings are whole', () => {
  expect(warningHeader(['x'.repeat(4096)])).toHaveLength(4096 + '299 - ""'.length)
})

test('many warnings are cut, and the last ones left out', () => {
  const warnings = Array.from({ length: 10_000 }, (_, index) => `${index} `.padEnd(300, 'x'))
  const parts = warningHeader(warnings).split(', ')
  expect(parts).toHaveLength(16)
  expect(parts.at(-1)).toBe(`299 - "${'15 '.padEnd(256, 'x')}"`)
})
