import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Catalog, Resource } from '../../resource.ts'
import type { Scope } from '../scope.ts'
import { OpenWatches } from './open-watches.ts'

const version = { name: 'v1', served: true }
const widgets = { group: 'example.io', resource: 'widgets', storage: 'widgets', versions: new Map([['v1', version]]) }
const scopeIn = (cluster: string) => ({ cluster, resource: widgets, version }) as unknown as Scope

let served: string[]
let asked: string[]
let catalog: Catalog

beforeEach(() => {
  vi.useFakeTimers()
  served = ['one', 'two']
  asked = []
  catalog = {
    list: () => [],
    find: (cluster) => (served.includes(cluster) ? (widgets as unknown as Resource) : undefined),
    generation(cluster) {
      asked.push(cluster)
      return served.length
    },
  }
})
afterEach(() => vi.useRealTimers())

test('those end whose type is served no more', () => {
  const open = new OpenWatches(catalog)
  const ended: string[] = []
  for (const cluster of ['one', 'two']) open.add(scopeIn(cluster), () => ended.push(cluster))
  vi.advanceTimersByTime(1_000)
  expect(ended).toEqual([])
  served = ['two']
  vi.advanceTimersByTime(1_000)
  expect(ended).toEqual(['one'])
})

test('of a logical cluster whose last watch ended nothing is kept', () => {
  const open = new OpenWatches(catalog)
  const [first, second] = [1, 2].map(() => open.add(scopeIn('one'), () => {}))
  open.add(scopeIn('two'), () => {})
  first!()
  vi.advanceTimersByTime(250)
  expect(asked).toContain('one')
  second!()
  asked = []
  vi.advanceTimersByTime(250)
  expect(asked).toEqual(['two'])
})
