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
function standingsOf(records: Map<string, Provider>) {
  let tell: (name: string) => void = () => undefined
  const told = { times: 0 }
  const providers = {
    all: [...records.keys()],
    recordOf: (name: string) => records.get(name),
    onRecord: (listener: (name: string) => void) => {
      tell = listener
    },
  }
  const standings = new Standings(providers, () => {
    told.times++
  })
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
