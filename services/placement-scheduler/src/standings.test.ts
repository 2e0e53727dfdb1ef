import { Provider } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { Standings } from './standings.ts'

const recordOf = (unschedulable?: boolean, labels?: Record<string, string>): Provider =>
  Provider.of({
    ...{ apiVersion: Provider.apiVersion, kind: Provider.kind },
    metadata: { name: 'a', ...(labels === undefined ? {} : { labels }) },
    spec: { providerCluster: 'a', ...(unschedulable === undefined ? {} : { unschedulable }) },
  })

/** Standings among these records, and how often they were told to have changed. */
function standingsOf(records: Map<string, Provider>, heedsAbsence = () => false) {
  let tell: (name: string) => void = () => undefined
  const told = { times: 0 }
  const providers = {
    get all() {
      return [...records.keys()]
    },
    recordOf: (name: string) => records.get(name),
    onRecord: (listener: (name: string) => void) => {
      tell = listener
    },
  }
  const changed = () => {
    told.times++
  }
  const standings = new Standings(providers, { changed, heedsAbsence })
  const write = (name: string, record: Provider | undefined) => {
    if (record === undefined) records.delete(name)
    else records.set(name, record)
    tell(name)
  }
  return { standings, told, write }
}

test('another word about a provider is told once, and what is written of it besides is not', () => {
  const { standings, told, write } = standingsOf(new Map([['a', recordOf()]]))
  const steps = [recordOf(), recordOf(true), recordOf(true), recordOf(false), recordOf(), recordOf(true), undefined]
  const seen = steps.map((record) => {
    write('a', record)
    return [standings.of('a'), told.times]
  })
  expect(seen).toEqual([
    ['open', 0],
    ['cordoned', 1],
    ['cordoned', 1],
    ['open', 2],
    ['open', 2],
    ['cordoned', 3],
    ['open', 4],
  ])
})

test('a provider that gets another label is told of once, as is one that loses it or goes', () => {
  const { standings, told, write } = standingsOf(new Map([['a', recordOf()]]))
  const named = (region: string) => recordOf(undefined, { region })
  const seen = [named('eu'), named('eu'), named('us'), recordOf(), named('us'), undefined].map((record) => {
    write('a', record)
    return [standings.labels('a'), told.times]
  })
  expect(seen).toEqual([
    [{ region: 'eu' }, 1],
    [{ region: 'eu' }, 1],
    [{ region: 'us' }, 2],
    [undefined, 3],
    [{ region: 'us' }, 4],
    [undefined, 5],
  ])
})

test('what was said before the scheduler began is known, and is no news', () => {
  const { standings, told, write } = standingsOf(new Map([['a', recordOf(true)]]))
  expect(standings.of('a')).toBe('cordoned')
  write('a', recordOf(true))
  expect(told.times).toBe(0)
})

test('a provider that comes cordoned is news; one that nothing is recorded of is open', () => {
  const { standings, told, write } = standingsOf(new Map())
  expect(standings.of('b')).toBe('open')
  write('b', recordOf())
  expect(told.times).toBe(0)
  write('b', recordOf(true))
  expect([standings.of('b'), told.times]).toEqual(['cordoned', 1])
})

test('that a provider will not come back is told: it takes nothing more, whatever it is called', () => {
  const record = recordOf()
  const { told, write } = standingsOf(new Map([['a', record]]))
  write('a', { ...record, spec: { ...record.spec, lost: true } })
  expect(told.times).toBe(1)
})

const SINCE = '2026-11-30T06:00:00Z'
const awayOf = (lost?: true): Provider => {
  const reachable = { type: 'Reachable', reason: 'Unreachable', message: '', lastTransitionTime: SINCE } as const
  const record = recordOf()
  return {
    ...record,
    spec: { ...record.spec, ...(lost && { lost }) },
    status: { conditions: [{ ...reachable, status: 'False' }] },
  }
}

test.each([
  { what: 'is told where objects leave such a provider', heedsAbsence: true, told: [1, 1, 2, 3] },
  { what: 'is no news where none does', heedsAbsence: false, told: [0, 0, 0, 0] },
])('that a provider goes away, and is back, $what; since when is known either way', ({ heedsAbsence, told: times }) => {
  const { standings, told, write } = standingsOf(new Map([['a', recordOf()]]), () => heedsAbsence)
  const seen = [awayOf(), awayOf(), recordOf(), awayOf()].map((record) => {
    write('a', record)
    return [standings.absences.away.get('a'), told.times]
  })
  expect(seen).toEqual([SINCE, SINCE, undefined, SINCE].map((since, i) => [since, times[i]]))
  write('a', awayOf(true))
  expect(standings.absences).toEqual({ total: 0, away: new Map() })
})

test('that a provider is back is told also where objects leave such a provider only since it went away', () => {
  let heeds = false
  const { told, write } = standingsOf(new Map([['a', recordOf()]]), () => heeds)
  write('a', awayOf())
  heeds = true
  write('a', recordOf())
  expect(told.times).toBe(1)
})
