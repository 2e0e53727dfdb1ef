import type { OfferRef } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { assignment, migration, viewOf } from './fixtures.ts'
import { Usage } from './usage.ts'

const small: OfferRef = { providerCluster: 'alpha', name: 'small' }
const large: OfferRef = { providerCluster: 'beta', name: 'large' }
const counts = (usage: Usage) => [usage.of(small), usage.of(large)]

test('each object counts once at the offer that has it, however often it is noted', () => {
  const usage = new Usage()
  expect(counts(usage)).toEqual([0, 0])
  for (const key of ['a', 'b', 'a']) usage.note(key, viewOf({ assignment: assignment() }))
  expect(counts(usage)).toEqual([2, 0])
})

test('an object that goes frees its place, once', () => {
  const freed: OfferRef[] = []
  const usage = new Usage((offer) => freed.push(offer))
  usage.note('a', viewOf({ assignment: assignment() }))
  for (let i = 0; i < 2; i++) usage.note('a', viewOf({ assignment: { name: 'assignment-a', object: null } }))
  usage.note('never', viewOf({}))
  expect(counts(usage)).toEqual([0, 0])
  expect(freed).toEqual([small])
})

test('offers of one name at two providers are two', () => {
  const usage = new Usage()
  usage.note('a', viewOf({ assignment: assignment({ at: 'beta', offer: 'small' }) }))
  expect(usage.of({ providerCluster: 'beta', name: 'small' })).toBe(1)
  expect(usage.of(small)).toBe(0)
})

test('a place that is reserved counts at once, beside the one that the object has, and yields to what becomes known', () => {
  const usage = new Usage()
  usage.reserve('a', small)
  expect(counts(usage)).toEqual([1, 0])
  usage.note('a', viewOf({}))
  expect(counts(usage)).toEqual([0, 0])
  usage.note('a', viewOf({ assignment: assignment() }))
  usage.reserve('a', large)
  usage.reserve('a', large)
  expect(counts(usage)).toEqual([1, 1])
  usage.note('a', viewOf({ assignment: assignment({ at: 'beta', offer: 'large' }) }))
  expect(counts(usage)).toEqual([0, 1])
})

test('an object that moves counts at both ends until the switch, and at the new one alone after it', () => {
  const usage = new Usage()
  const running = { 'migration/m': migration({ state: 'InitialInProgress' }) }
  usage.note('a', viewOf({ assignment: assignment(), ...running }))
  expect(counts(usage)).toEqual([1, 1])
  const incoming = { providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' as const }
  usage.note('a', viewOf({ assignment: assignment({ copies: [incoming] }), ...running }))
  expect(counts(usage)).toEqual([1, 1])
  const outgoing = { providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing' as const }
  usage.note('a', viewOf({ assignment: assignment({ at: 'beta', offer: 'large', copies: [outgoing] }), ...running }))
  expect(counts(usage)).toEqual([0, 1])
})

test('a move that ended holds no place at its target', () => {
  const usage = new Usage()
  usage.note('a', viewOf({ assignment: assignment(), 'migration/m': migration({ state: 'Failed' }) }))
  expect(counts(usage)).toEqual([1, 0])
})
