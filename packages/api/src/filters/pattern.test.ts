import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePattern, type Pattern } from './pattern.ts'

const compiled = (source: string): Pattern => {
  const pattern = compilePattern(source)
  if ('mistake' in pattern) throw new Error(pattern.mistake)
  return pattern
}

test.each([
  ['^[a-z]+\\.team7\\.corp$', ['.team7.corp']],
  ['^app-[0-9]+\\.eu$', ['app-']],
  ['gold|silver', ['gold', 'silver']],
  ['^(eu|us)-[0-9]+-production$', ['-production']],
  ['[a-z]+', undefined],
  ['(?i)gold', undefined],
  ['gold|[0-9]+', undefined],
])('of %s it is known that %j is there', (source, needles) => {
  expect(compiled(source).needles).toEqual(needles)
})

test('whatever matches has one of the needles in it', () => {
  const pieces = fc.constantFrom(
    'ab',
    'c',
    'a|b',
    '(ab|cd)',
    '[a-d]+',
    'a{2}',
    '(bc)?',
    '.',
    '(c+|d)',
    '^',
    '$',
    '(?i)d',
  )
  const source = fc.array(pieces, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'D'), maxLength: 8 })
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 5, maxLength: 20 }), (pattern, texts) => {
      const { needles, test: matches } = compiled(pattern)
      if (needles === undefined) return
      for (const it of texts.filter(matches)) expect(needles.some((needle) => it.includes(needle))).toBe(true)
    }),
    { numRuns: 3000, seed: 20261121 },
  )
})
