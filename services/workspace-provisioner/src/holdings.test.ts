import { expect, test } from 'vitest'
import type { ProvisionerMemory } from './context.ts'
import { tenure } from './fixtures.ts'
import { Holdings } from './holdings.ts'

const staged = { name: 's', providerCluster: 'p', apiExportName: 'things', consumerCluster: 'c' }

test('what is remembered of a partition counts until its fence ends, and what it left is told', () => {
  const holdings = new Holdings()
  const [one, other] = [tenure(), tenure()]
  const left: ProvisionerMemory[] = []
  const enter = (each: typeof one) => holdings.enter(each, (memory) => left.push(memory))
  expect([one, other, one].map(enter)).toEqual([true, true, false])
  one.memory.wants.set('a', [staged])
  one.memory.wants.addUnserved('a', 'q')
  one.memory.retiring.set('t', staged)
  expect(holdings.responsible('s')?.memory).toBe(one.memory)
  expect([holdings.wanted('s'), holdings.keysOf('s'), holdings.isRetiring('t')]).toEqual([staged, ['a'], true])
  one.end()
  expect(left).toEqual([one.memory])
  expect([holdings.wanted('s'), holdings.keysOf('s'), holdings.isRetiring('t')]).toEqual([undefined, [], false])
  expect([holdings.takeUnserved('q'), holdings.stagedAt(staged)]).toEqual([[], []])
  expect(holdings.responsible('s')?.memory).toBe(other.memory)
})

test('a partition that is over before it is heard of is not held', () => {
  const holdings = new Holdings()
  const over = tenure()
  over.end()
  expect(holdings.enter(over, () => undefined)).toBe(false)
  expect(holdings.responsible('s')).toBeUndefined()
})

test('why a workspace cannot be brought further is news once, and again after it could', () => {
  const holdings = new Holdings()
  holdings.enter(tenure(), () => undefined)
  expect([holdings.fails('s', 'no'), holdings.fails('s', 'no'), holdings.fails('s', 'never')]).toEqual([
    true,
    false,
    true,
  ])
  holdings.fares('s')
  expect(holdings.fails('s', 'never')).toBe(true)
})
