import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Limits, limitsOf, type MoveLimits, type Mover } from './limits.ts'
import { turnsOf } from './queue.ts'

type Case = {
  name: string
  limits?: MoveLimits
  ofConfiguration?: Record<string, MoveLimits>
  running?: string[]
  waiting: string[]
  told?: Record<string, string>
  turns: Record<string, string | null>
}

const file = join(import.meta.dirname, '../../vectors/turns.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

function moverFrom(text: string): Mover {
  const [name = '', since = '', consumer = '', ends = '', configuration] = text.split(' ')
  const [from = '', to = ''] = ends.split('>')
  return { name, since, consumer, from, to, configuration }
}

const limitsFrom = ({ limits = {}, ofConfiguration = {} }: Case): Limits => {
  return { all: limits, ofConfiguration: new Map(Object.entries(ofConfiguration)), ofDrain: () => undefined }
}

test.each(cases)('$name', (given) => {
  const waiting = given.waiting.map(moverFrom).map((mover) => ({ ...mover, told: given.told?.[mover.name] }))
  const turns = turnsOf((given.running ?? []).map(moverFrom), waiting, limitsFrom(given))
  const said = [...turns].map(([name, wait]) => [name, wait?.message ?? null])
  expect(Object.fromEntries(said)).toEqual(given.turns)
})

const name = fc.constantFrom('alpha', 'beta', 'gamma', 'delta')
const most = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined })
const moveLimits: fc.Arbitrary<MoveLimits> = fc.record({ total: most, perConsumer: most, perProvider: most })
const limits: fc.Arbitrary<Limits> = fc
  .record({ all: moveLimits, x: moveLimits, y: moveLimits })
  .map(({ all, x, y }) => ({ all, ofConfiguration: new Map(Object.entries({ x, y })), ofDrain: () => undefined }))
const move = fc.record({
  ...{ consumer: name, from: name, to: name },
  configuration: fc.constantFrom(undefined, 'x', 'y'),
})
const arrivals = fc.array(move, { minLength: 1, maxLength: 24 })
const named = (moves: Omit<Mover, 'name' | 'since'>[], first = 0): Mover[] =>
  moves.map((one, i) => ({ ...one, name: `m${i + first}`, since: String(1_000 + i + first) }))

function expectWithinLimits(running: readonly Mover[], all: Limits): void {
  const counts = new Map<string, number>()
  for (const mover of running)
    for (const { id, most: bound } of limitsOf(mover, all)) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
      expect(counts.get(id)).toBeLessThanOrEqual(bound)
    }
}

test('no limit is ever exceeded, in whatever order moves come and end', () => {
  fc.assert(
    fc.property(limits, arrivals, fc.array(fc.nat(), { maxLength: 40 }), (all, moves, ends) => {
      let waiting = named(moves)
      let running: Mover[] = []
      for (const end of ends) {
        const turns = turnsOf(running, waiting, all)
        const begin = waiting.filter((mover) => turns.get(mover.name) === undefined)
        running = [...running, ...begin]
        waiting = waiting.filter((mover) => !begin.includes(mover))
        expectWithinLimits(running, all)
        running = running.filter((_, i) => i !== end % Math.max(1, running.length))
      }
    }),
  )
})

test('who waits lacks a place: without anybody who runs the oldest begins', () => {
  fc.assert(
    fc.property(limits, arrivals, (all, moves) => {
      const [oldest, ...others] = named(moves)
      if (oldest === undefined) return
      expect(turnsOf([], [...others, oldest], all).get(oldest.name)).toBeUndefined()
    }),
  )
})

test('nobody waits for ever, however many younger ones come, and whoever of those that run ends first', () => {
  fc.assert(
    fc.property(
      limits,
      arrivals,
      fc.array(move, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { minLength: 1 }),
      (all, moves, young, ends) => {
        let waiting = named(moves)
        const old = new Set(waiting.map((mover) => mover.name))
        let running: Mover[] = []
        // Each of the old waits at the most for all that run to end, once for each that is older.
        for (let turn = 0; old.size > 0 && turn < 4_000; turn++) {
          const turns = turnsOf(running, waiting, all)
          const begin = waiting.filter((mover) => turns.get(mover.name) === undefined)
          for (const mover of begin) old.delete(mover.name)
          running = [...running, ...begin]
          waiting = [
            ...waiting.filter((mover) => !begin.includes(mover)),
            ...named(young, 100 + turn * young.length),
          ].slice(0, 48)
          // Any may end first, and none runs for ever.
          const last = turn % 3 === 0 ? 0 : (ends[turn % ends.length] ?? 0) % Math.max(1, running.length)
          running = running.filter((_, i) => i !== last).slice(-24)
        }
        expect([...old]).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})

test('the order in which moves are heard of does not matter', () => {
  fc.assert(
    fc.property(limits, arrivals, arrivals, (all, running, moves) => {
      const [run, wait] = [named(running, 100), named(moves)]
      const sorted = (turns: ReturnType<typeof turnsOf>) => [...turns].sort(([a], [b]) => (a < b ? -1 : 1))
      expect(sorted(turnsOf(run.toReversed(), wait.toReversed(), all))).toEqual(sorted(turnsOf(run, wait, all)))
    }),
  )
})

test('asked again by who was told, nothing changes', () => {
  fc.assert(
    fc.property(limits, arrivals, arrivals, (all, running, moves) => {
      const once = turnsOf(named(running, 100), named(moves), all)
      const told = named(moves).map((mover) => ({ ...mover, told: once.get(mover.name)?.message }))
      expect([...turnsOf(named(running, 100), told, all)]).toEqual([...once])
    }),
  )
})
