import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timestamp } from '../conditions.ts'
import type { PlacementPolicy } from '../kinds/placement-policy.ts'
import { Provider } from '../kinds/provider.ts'
import { vectors } from '../test-vectors.ts'
import { absencesOf, compileFailover, failoverFrom, placesAfter } from './failover.ts'

type Case = {
  name: string
  failover: NonNullable<PlacementPolicy['spec']['failover']>
  away: Record<string, string>
  present: string[]
  lost?: string[]
  now: string
  expect: { is: string; since?: string; at?: string; why?: string }
}

type Said = { since?: string; lost?: true }

function providerOf(name: string, { since, lost }: Said = {}): Provider {
  const status = since === undefined ? 'True' : 'False'
  const lastTransitionTime = since ?? '2026-11-30T00:00:00Z'
  const reachable = { type: 'Reachable', status, reason: 'Any', message: '', lastTransitionTime }
  return Provider.of({
    ...{ apiVersion: Provider.apiVersion, kind: Provider.kind, metadata: { name } },
    spec: { providerCluster: name, ...(lost && { lost }) },
    status: { conditions: [reachable] },
  })
}

test.each(vectors<Case>('placement/failover-words.json'))(
  '$name',
  ({ failover, away, present, lost = [], now, expect: told }) => {
    const absences = absencesOf([
      ...Object.entries(away).map(([name, since]) => providerOf(name, { since })),
      ...present.map((name) => providerOf(name)),
      ...lost.map((name) => providerOf(name, { since: '2026-11-30T00:00:00Z', lost: true })),
    ])
    const word = failoverFrom('alpha', { name: 'p', failover: compileFailover(failover) }, absences, new Date(now))
    const { atMs, ...rest } = { atMs: undefined, ...word }
    expect({ ...rest, ...(atMs === undefined ? {} : { at: timestamp(new Date(atMs)) }) }).toEqual(told)
  },
)

test('a Provider whose word has not come yet is not away, and counts', () => {
  const { status: _, ...silent } = providerOf('alpha')
  expect(absencesOf([silent, providerOf('beta', { since: '2026-11-30T00:00:00Z' })])).toEqual({
    total: 2,
    away: new Map([['beta', '2026-11-30T00:00:00Z']]),
  })
})

const BEGIN = Date.parse('2026-11-30T06:00:00Z')
const at = (seconds: number) => new Date(BEGIN + seconds * 1_000)

test('places are given while there are some, and again once a minute is over for the first', () => {
  const most = { maxPerMinute: 3 }
  const first = placesAfter([], 2, most, at(0))
  expect(first).toEqual({ begun: [timestamp(at(0)), timestamp(at(0))], granted: 2, againMs: 0 })
  const second = placesAfter(first.begun, 4, most, at(10))
  expect(second).toMatchObject({ granted: 1, againMs: 52_000 })
  expect(placesAfter(second.begun, 4, most, at(61.9))).toMatchObject({ granted: 0, againMs: 100 })
  expect(placesAfter(second.begun, 4, most, at(62))).toEqual({
    begun: [timestamp(at(10)), timestamp(at(62)), timestamp(at(62))],
    granted: 2,
    againMs: 10_000,
  })
})

test('where fewer may than before, those that were let are waited for', () => {
  const begun = [0, 1, 2, 3].map((seconds) => timestamp(at(seconds)))
  expect(placesAfter(begun, 1, { maxPerMinute: 2 }, at(4))).toMatchObject({ granted: 0, againMs: 60_000 })
})

test('whoever asks and whenever, with a clock that is late by up to a second, no minute has more than may be let', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(
        fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 999 })),
        {
          maxLength: 40,
        },
      ),
      (maxPerMinute, asks) => {
        let [begun, truth] = [[] as string[], BEGIN]
        const let_: number[] = []
        for (const [pause, wanted, late] of asks) {
          truth += pause
          const places = placesAfter(begun, wanted, { maxPerMinute }, new Date(truth - late))
          begun = places.begun
          for (let i = 0; i < places.granted; i++) let_.push(truth)
          expect(places.granted === wanted || places.againMs > 0).toBe(true)
        }
        for (const [i, first] of let_.entries()) {
          const inMinute = let_.slice(i).filter((time) => time < first + 60_000)
          expect(inMinute.length).toBeLessThanOrEqual(maxPerMinute)
        }
      },
    ),
    { numRuns: 300, seed: 20261130 },
  )
})

test('whatever happens to providers, one that blinks is not left, and none while more than may be are away', () => {
  const record = fc.record({
    awayFor: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
    isLost: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (records, afterS, stopAbove) => {
        const now = at(1_000)
        const providers = records.map(({ awayFor, isLost }, i) =>
          providerOf(`p${i}`, {
            ...(awayFor === undefined ? {} : { since: timestamp(at(1_000 - awayFor)) }),
            ...(isLost ? { lost: true } : {}),
          }),
        )
        const failover = compileFailover({ after: `${afterS}s`, stopAbove })
        const standing = records.filter(({ isLost }) => !isLost)
        const away = standing.filter(({ awayFor }) => awayFor !== undefined).length
        for (const [i, { awayFor, isLost }] of records.entries()) {
          const word = failoverFrom(`p${i}`, { name: 'p', failover }, absencesOf(providers), now)
          const isLeft =
            !isLost && awayFor !== undefined && awayFor >= afterS && away * 100 <= stopAbove * standing.length
          expect(word.is === 'due').toBe(isLeft)
        }
      },
    ),
    { numRuns: 300, seed: 20261130 },
  )
})
