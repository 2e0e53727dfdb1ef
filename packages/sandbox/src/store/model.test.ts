import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CompactedError, type ObjectKey, openStore, type Range, type Store } from './mod.ts'

type Step =
  | { do: 'create' | 'update' | 'delete'; key: ObjectKey }
  | { do: 'watch'; range: Range; since: number }
  | { do: 'list'; range: Range; back: number; limit: number }

/** All states that ever were: what the store must seem to have. */
type Model = { states: Map<string, { key: ObjectKey; text: string }>[]; events: { key: ObjectKey; text: string }[] }

const idOf = ({ resource, cluster, namespace, name }: ObjectKey) => `${resource}/${cluster}/${namespace}/${name}`
const within = (range: Range, key: ObjectKey) =>
  range.resource === key.resource &&
  (range.cluster ?? key.cluster) === key.cluster &&
  (range.namespace ?? key.namespace) === key.namespace

const cluster = fc.constantFrom('root', 'root-1', 'other')
const namespace = fc.constantFrom('', 'a', 'a-b', 'b')
const key = fc.record({
  resource: fc.constantFrom('things', 'gadgets'),
  cluster,
  namespace,
  name: fc.constantFrom('a', 'a-b', 'a.b', 'b', '__proto__', 'z'),
})
const range = fc.record(
  { resource: fc.constantFrom('things', 'gadgets'), cluster, namespace },
  { requiredKeys: ['resource'] },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('create' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('watch' as const), range, since: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      range,
      back: fc.nat(30),
      limit: fc.integer({ min: 1, max: 7 }),
    }),
  },
)

function write(store: Store, model: Model, action: 'create' | 'update' | 'delete', key: ObjectKey): void {
  const state = new Map(model.states.at(-1))
  const id = idOf(key)
  const text = `${action} ${model.events.length}`
  const encode = () => Buffer.from(text)
  const expected = store.get(key)?.revision ?? 0
  expect(expected > 0).toBe(state.has(id))
  if (state.has(id) === (action === 'create')) {
    expect(() => (action === 'create' ? store.create(key, encode) : store[action](key, expected, encode))).toThrow()
    return
  }
  const entry = action === 'create' ? store.create(key, encode) : store[action](key, expected, encode)
  expect(entry.revision).toBe(model.events.length + 1)
  if (action === 'delete') state.delete(id)
  else state.set(id, { key, text })
  model.states.push(state)
  model.events.push({ key, text })
}

function checkList(store: Store, model: Model, range: Range, revision: number, limit: number): void {
  const wanted = [...(model.states[revision]?.values() ?? [])]
    .filter(({ key }) => within(range, key))
    .sort((a, b) => (idOf(a.key) < idOf(b.key) ? -1 : 1))
    .map(({ text }) => text)
  const got: string[] = []
  let page = store.list(range, { limit, revision })
  for (;;) {
    got.push(...page.entries.map(({ bytes }) => bytes.toString()))
    expect(page).toMatchObject({ revision, remaining: wanted.length - got.length, more: wanted.length > got.length })
    const last = page.entries.at(-1)
    if (!page.more || last === undefined) break
    page = store.list(range, { limit, revision, after: last.key })
  }
  expect(got).toEqual(wanted)
}

test('any history of writes, watches and lists looks as a store that keeps every state', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 120 }),
    fc.integer({ min: 5, max: 200 }),
    async (steps, historyLimit) => {
      const store = await openStore({ historyLimit })
      const model: Model = { states: [new Map()], events: [] }
      const watches: { range: Range; since: number; heard: string[] }[] = []
      for (const step of steps) {
        const now = store.revision
        if (step.do === 'watch') {
          const watch = { range: step.range, since: Math.max(0, now - step.since), heard: [] as string[] }
          const start = () =>
            store.watch(step.range, watch.since, ({ entry }) => watch.heard.push(entry.bytes.toString()))
          if (watch.since < store.compacted) expect(start).toThrow(CompactedError)
          else {
            start()
            watches.push(watch)
          }
        } else if (step.do === 'list') {
          const revision = Math.max(0, now - step.back)
          if (revision < store.compacted) expect(() => store.list(step.range, { revision })).toThrow(CompactedError)
          else checkList(store, model, step.range, revision, step.limit)
        } else write(store, model, step.do, step.key)
      }
      expect(store.compacted).toBe(Math.max(0, model.events.length - historyLimit))
      for (const { range, since, heard } of watches) {
        const wanted = model.events.slice(since).filter(({ key }) => within(range, key))
        expect(heard).toEqual(wanted.map(({ text }) => text))
      }
    },
  )
  await fc.assert(property, { numRuns: 300 })
})
