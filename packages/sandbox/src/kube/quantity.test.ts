import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { canonicalQuantity, parseQuantity } from './quantity.ts'

type Vector = { text: string; canonical?: string; error?: string }

/** Recorded from Go's own type by scripts/go-types. */
const vectors = JSON.parse(readFileSync(new URL('./vectors/quantities.json', import.meta.url), 'utf8')) as Vector[]

describe('a quantity is written as Kubernetes writes it', () => {
  test.each(vectors.filter(({ error }) => error === undefined))('$text as $canonical', ({ text, canonical }) => {
    expect(canonicalQuantity(text)).toBe(canonical)
  })

  test.each(vectors.filter(({ error }) => error !== undefined))('"$text" is refused: $error', ({ text, error }) => {
    expect(() => parseQuantity(text)).toThrow(error!)
  })
})
