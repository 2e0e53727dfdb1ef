import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MoveCause } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { type Brake, brakedOf, brakeNotes, causesAfter, isLetGo } from './brake.ts'
import { provider } from './fixtures.ts'
import type { Mover } from './limits.ts'

type Case = {
  name: string
  most?: number
  begun?: Record<string, number>
  approved?: Record<string, Record<string, number>>
  waiting: string[]
  turns: Record<string, string | null>
  notes: string[]
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/brake.json'), 'utf8')) as {
  cases: Case[]
}

function causeFrom(text: string): MoveCause {
  const [providerCluster = '', acceptAPIName = '', generation] = text.split('/')
  return { providerCluster, acceptAPIName, generation: Number(generation) }
}

function moverFrom(text: string): Mover {
  const [name = '', since = '', cause = '-'] = text.split(' ')
  return { name, since, consumer: 'acme', from: 'alpha', to: 'beta', ...(cause !== '-' && { cause: causeFrom(cause) }) }
}

const causesFrom = (begun: Record<string, number>) =>
  Object.fromEntries(Object.entries(begun).map(([id, count]) => [id, { ...causeFrom(id), begun: count }]))

test.each(cases)('$name', ({ most, begun = {}, approved = {}, waiting, turns, notes }) => {
  const isApproved: Brake['isApproved'] = (cause) => {
    const moves = approved[cause.providerCluster]
    return isLetGo(cause, moves && provider(cause.providerCluster, moves))
  }
  const brake = { most, begun: causesFrom(begun), isApproved }
  const movers = waiting.map(moverFrom)
  const braked = brakedOf(movers, brake)
  expect(Object.fromEntries(movers.map(({ name }) => [name, braked.get(name)?.message ?? null]))).toEqual(turns)
  expect(brakeNotes(movers, brake).map(({ count, message }) => `${count}: ${message}`)).toEqual(notes)
})

test('a change stays counted until a later one of its offer is, and none of its moves is open', () => {
  const [earlier, later] = [causeFrom('alpha/small/4'), causeFrom('alpha/small/5')]
  const before = causesFrom({ 'alpha/small/4': 3, 'beta/small/1': 2 })
  const counts = [{ cause: later, by: 1 as const }]
  const kept = causesFrom({ 'alpha/small/4': 3, 'beta/small/1': 2, 'alpha/small/5': 1 })
  expect(causesAfter(before, counts, [earlier])).toEqual(kept)
  expect(causesAfter(before, counts, [])).toEqual(causesFrom({ 'beta/small/1': 2, 'alpha/small/5': 1 }))
  expect(causesAfter(before, [{ cause: earlier, by: -1 }], [])).toMatchObject({ 'alpha/small/4': { begun: 2 } })
})
