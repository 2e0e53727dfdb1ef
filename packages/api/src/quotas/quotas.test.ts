import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Consumer } from '../filters/consumers.ts'
import { ConsumerQuota } from '../kinds/consumer-quota.ts'
import { vectors } from '../test-vectors.ts'
import { compileQuota } from './compile-quota.ts'
import { type Line, lineOf, whoEnters } from './line.ts'
import { QuotaIndex } from './quota-index.ts'
import { waitsMessage } from './waits-message.ts'

const quotaOf = (name: string, spec: unknown, metadata: object = {}) => {
  const { apiVersion, kind } = ConsumerQuota
  return compileQuota({ apiVersion, kind, metadata: { name, ...metadata }, spec } as Parameters<typeof compileQuota>[0])
}

type Selects = {
  name: string
  quotas: Record<string, object>
  consumer: Consumer
  resource: string
  selected: string[]
}

test.each(vectors<Selects>('quotas/selects.json'))('selects: $name', ({ quotas, consumer, resource, selected }) => {
  const index = new QuotaIndex()
  for (const [name, spec] of Object.entries(quotas)) index.set(quotaOf(name, { objects: 1, ...spec }).quota)
  expect(index.for(consumer, { group: 'example.org', resource }).map(({ name }) => name)).toEqual(selected)
})

type InLine = {
  name: string
  waiting: Record<string, [since: string, name: string]>
  line: string[]
  taken: number
  places: number
  enters: string[]
}

test.each(vectors<InLine>('quotas/line.json'))('the line: $name', ({ waiting, line, taken, places, enters }) => {
  const all = Object.fromEntries(
    Object.entries(waiting).map(([key, [since, name]]) => [key, { uid: `u${key}`, since, name }]),
  )
  expect(lineOf(all)).toEqual(line)
  expect(whoEnters(all, taken, places)).toEqual(enters)
})

test.each(vectors<{ name: string; wait: Parameters<typeof waitsMessage>[0]; words: string }>('quotas/words.json'))(
  'tells: $name',
  ({ wait, words }) => {
    expect(waitsMessage(wait)).toBe(words)
  },
)

test('a quota that has a mistake says which, and lets nobody know how many it lets in', () => {
  const { quota, mistakes } = quotaOf('q', { objects: 'many' }, { uid: 'u', generation: 3 })
  expect(mistakes).toMatchObject([{ path: 'spec.objects' }])
  expect(quota).toMatchObject({ version: 'u/3', objects: { mistake: expect.stringContaining('spec.objects: ') } })
  expect(quotaOf('q', null).quota.objects).toHaveProperty('mistake')
})

test('a quota that is gone selects nothing, and one that is written anew what it selects now', () => {
  const index = new QuotaIndex()
  const gvr = { group: 'g', resource: 'r' }
  const selecting = () => index.for({ cluster: 'acme' }, gvr).map(({ name }) => name)
  index.set(quotaOf('q', { objects: 1 }).quota)
  index.set(quotaOf('p', { objects: 1 }).quota)
  const seen = [selecting()]
  index.set(quotaOf('q', { objects: 1, consumers: [{ path: 'other' }] }).quota)
  seen.push(selecting())
  index.delete('p')
  index.delete('p')
  seen.push(selecting())
  expect([...seen, index.isEmpty]).toEqual([['p', 'q'], ['p'], [], false])
  index.delete('q')
  expect([index.isEmpty, selecting()]).toEqual([true, []])
})

const waiting = fc.record({
  uid: fc.constantFrom('1', '2'),
  since: fc.constantFrom('2026-12-01T00:00:00Z', '2026-12-01T00:00:01Z', '2026-12-01T00:00:02Z'),
  name: fc.constantFrom('d/a', 'd/b'),
})
const line = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), waiting)

test('no more enter than there is room for, nobody before who is older, and in whatever order they are written down', () => {
  fc.assert(
    fc.property(line, fc.nat(6), fc.nat(6), (all: Line, taken, places) => {
      const enters = whoEnters(all, taken, places)
      expect(taken + enters.length).toBeLessThanOrEqual(Math.max(taken, places))
      expect(enters.length).toBe(Math.min(Object.keys(all).length, Math.max(0, places - taken)))
      const since = (key: string) => all[key]?.since ?? ''
      const left = Object.keys(all).filter((key) => !enters.includes(key))
      for (const key of enters) for (const other of left) expect(since(key) <= since(other)).toBe(true)
      const turned = Object.fromEntries(Object.entries(all).reverse())
      expect(whoEnters(turned, taken, places)).toEqual(enters)
    }),
  )
})
