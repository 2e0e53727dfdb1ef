import { claimsPatch } from '@resource-broker/api'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Claims, type Held, settle as settleAll, type Wish } from './claims.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), key, uid: fc.constantFrom('1', '2') }),
  fc.record({ kind: fc.constant('release' as const), key, uid: fc.constantFrom('1', '2') }),
)
const turns = fc.array(fc.array(wish, { maxLength: 8 }), { maxLength: 12 })
const capacity = fc.integer({ min: 0, max: 4 })
/** Where nobody waits. */
function settle(claims: Claims, places: number, wishes: readonly Wish[]): { claims: Claims; granted: boolean[] } {
  const { held, granted } = settleAll({ claims, waiting: {} }, places, wishes)
  expect(held.waiting).toEqual({})
  return { claims: held.claims, granted }
}
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

const inLine = fc.tuple(key, fc.constantFrom('1', '2'), fc.nat(3)).map(([of, uid, second]): Wish => {
  return { kind: 'claim', key: of, uid, waits: { since: `2026-12-01T00:00:0${second}Z`, name: `d/${of}` } }
})
const others = fc
  .tuple(fc.constantFrom('release' as const, 'leave' as const, 'hold' as const), key, fc.constantFrom('1', '2'))
  .map(([kind, of, uid]): Wish => ({ kind, key: of, uid }))
const asks = fc.array(fc.array(fc.oneof(inLine, inLine, others), { maxLength: 8 }), { maxLength: 12 })

test('where they wait in line no step lets more in than there are places, nobody passes who is older, and no order of asking matters', () => {
  fc.assert(
    fc.property(capacity, asks, (places, turns) => {
      let held: Held = { claims: {}, waiting: {} }
      for (const wishes of turns) {
        const { held: next, granted } = settleAll(held, places, wishes)
        const holds = wishes.filter(({ kind }) => kind === 'hold').map(({ key: of }) => of)
        const entered = Object.keys(next.claims).filter((of) => held.claims[of] === undefined && !holds.includes(of))
        if (entered.length > 0) expect(sizeOf(next.claims)).toBeLessThanOrEqual(places)
        for (const [i, { kind, key: of, uid }] of wishes.entries()) {
          if (kind !== 'claim') continue
          if (granted[i]) expect(next.claims[of]).toBeDefined()
          else expect(next.waiting[of]).toBeDefined()
          expect(granted[i] && next.waiting[of]?.uid === uid && next.claims[of]?.uid === uid).toBe(false)
        }
        const age = (of: string) =>
          wishes.findLast((wish) => wish.key === of && wish.waits !== undefined)?.waits?.since ?? ''
        const left = places - sizeOf(next.claims)
        for (const of of entered) {
          const older = Object.entries(next.waiting).filter(([other, { since }]) => other !== of && since < age(of))
          expect(older.length).toBeLessThanOrEqual(Math.max(0, left))
        }
        held = next
      }
    }),
  )
})

test('whoever asks first in a turn, those enter who are older', () => {
  fc.assert(
    fc.property(capacity, fc.uniqueArray(inLine, { selector: (wish) => wish.key, maxLength: 6 }), (places, wishes) => {
      const empty: Held = { claims: {}, waiting: {} }
      expect(settleAll(empty, places, wishes.toReversed()).held).toEqual(settleAll(empty, places, wishes).held)
    }),
  )
})

const waits = (second: number, name = 'd/x') => ({ since: `2026-12-01T00:00:0${second}Z`, name })

test('a place that comes free is for who stands first, whoever asks', () => {
  const held: Held = { claims: { a: { uid: '1' } }, waiting: { b: { uid: '2', ...waits(1) } } }
  const wishes: Wish[] = [
    { kind: 'release', key: 'a', uid: '1' },
    { kind: 'claim', key: 'c', uid: '3', waits: waits(2) },
  ]
  const after = settleAll(held, 1, wishes)
  expect(after.granted).toEqual([true, false])
  expect(after.held).toEqual({ claims: {}, waiting: { ...held.waiting, c: { uid: '3', ...waits(2) } } })
  expect(settleAll(after.held, 1, [{ kind: 'claim', key: 'b', uid: '2', waits: waits(1) }]).granted).toEqual([true])
})

test('the next object of a name has no place by the one before it, and no place in line', () => {
  const held: Held = { claims: { a: { uid: '1' } }, waiting: { b: { uid: '2', ...waits(1) } } }
  const after = settleAll(held, 1, [{ kind: 'claim', key: 'a', uid: '9', waits: waits(5) }])
  expect(after.granted).toEqual([false])
  expect(after.held.claims).toEqual(held.claims)
  const later = settleAll(after.held, 1, [{ kind: 'release', key: 'a', uid: '1' }])
  expect(Object.keys(later.held.claims)).toEqual([])
  const last = settleAll(later.held, 1, [
    { kind: 'claim', key: 'a', uid: '9', waits: waits(5) },
    { kind: 'claim', key: 'b', uid: '2', waits: waits(1) },
  ])
  expect(last.granted).toEqual([false, true])
})
