import { claimsPatch } from '@resource-broker/api'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Claims, settle, type Wish } from './claims.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), key, uid: fc.constantFrom('1', '2') }),
  fc.record({ kind: fc.constant('release' as const), key, uid: fc.constantFrom('1', '2') }),
)
const turns = fc.array(fc.array(wish, { maxLength: 8 }), { maxLength: 12 })
const capacity = fc.integer({ min: 0, max: 4 })
const sizeOf = (claims: Claims) => Object.keys(claims).length

test('never are there more places taken than there are, whatever is asked for in whatever order', () => {
  fc.assert(
    fc.property(capacity, turns, (places, asked) => {
      let claims: Claims = {}
      for (const wishes of asked) {
        claims = settle(claims, places, wishes).claims
        expect(sizeOf(claims)).toBeLessThanOrEqual(places)
      }
    }),
  )
})

test('no place is lost: who is refused found every place taken, and what all gave back is free', () => {
  fc.assert(
    fc.property(capacity, turns, (places, asked) => {
      let claims: Claims = {}
      for (const wishes of asked) {
        const { claims: next, granted } = settle(claims, places, wishes)
        if (granted.includes(false)) expect(sizeOf(next)).toBe(places)
        claims = next
      }
      const all = Object.entries(claims).map(([of, claim]): Wish => ({ kind: 'release', key: of, ...claim }))
      expect(settle(claims, places, all).claims).toEqual({})
    }),
  )
})

test('asking again changes nothing', () => {
  fc.assert(
    fc.property(capacity, fc.array(wish, { maxLength: 8 }), (places, wishes) => {
      const once = settle(
        {},
        places,
        wishes.filter(({ kind }) => kind === 'claim'),
      )
      const again = settle(
        once.claims,
        places,
        wishes.filter((one, i) => one.kind === 'claim' && once.granted[i] === true),
      )
      expect(sizeOf(again.claims)).toBe(sizeOf(once.claims))
    }),
  )
})

test('an object that has its place by an Assignment counts, room or not', () => {
  const { claims } = settle({ a: { uid: '1' } }, 1, [{ kind: 'hold', key: 'b', uid: '2' }])
  expect(Object.keys(claims)).toEqual(['a', 'b'])
  expect(settle(claims, 1, [{ kind: 'claim', key: 'c', uid: '3' }]).granted).toEqual([false])
})

test('the place of one life of an object is not given back with that of the one before it', () => {
  const claims = { a: { uid: '2' } }
  expect(settle(claims, 1, [{ kind: 'release', key: 'a', uid: '1' }])).toEqual({ claims, granted: [true] })
  expect(settle(claims, 1, [{ kind: 'release', key: 'a', uid: '2' }]).claims).toEqual({})
})

test('a place that is asked for again is not given back by who knows of it as it was before', () => {
  const { claims } = settle({ a: { uid: '1' } }, 1, [{ kind: 'claim', key: 'a', uid: '1' }])
  expect(claims).toEqual({ a: { uid: '1', again: 1 } })
  expect(settle(claims, 1, [{ kind: 'release', key: 'a', uid: '1' }]).claims).toEqual(claims)
  expect(settle(claims, 1, [{ kind: 'release', key: 'a', uid: '1', again: 1 }]).claims).toEqual({})
})

test('the patch from one to the other names what differs, and nothing where nothing does', () => {
  const before = { a: { uid: '1' }, b: { uid: '2' } }
  expect(claimsPatch(before, before)).toBeUndefined()
  expect(claimsPatch(before, { ...before, a: { uid: '1', again: 1 } })).toEqual({ a: { uid: '1', again: 1 } })
  expect(claimsPatch(before, { b: { uid: '3' }, c: { uid: '4' } })).toEqual({
    a: null,
    b: { uid: '3' },
    c: { uid: '4' },
  })
})
