import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { occurrences, readMutations } from './mutation.ts'

test.each(readMutations())('there is one place where this can be taken out: $name', (mutation) => {
  const text = readFileSync(new URL(`../../../${mutation.file}`, import.meta.url), 'utf8')
  expect(occurrences(text, mutation)).toBe(1)
})
