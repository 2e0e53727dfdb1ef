import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Best } from './best.ts'

test('keeps what comes first in a stable sort of all', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat())), fc.integer({ min: 1, max: 8 }), (items, most) => {
      const compare = ([a]: [number, number], [b]: [number, number]) => a - b
      const best = new Best(most, compare)
      for (const item of items) best.add(item)
      expect(best.kept).toEqual(items.toSorted(compare).slice(0, most))
    }),
  )
})
