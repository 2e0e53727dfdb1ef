import { expect, test, vi } from 'vitest'
import {
  CompactedError,
  ExistsError,
  MissingError,
  type ObjectKey,
  openStore,
  StaleError,
  type StoreEvent,
} from './mod.ts'

const key = (name: string, namespace = 'default', cluster = 'root', resource = 'things'): ObjectKey => ({
  resource,
  cluster,
  namespace,
  name,
})
const content = (text: string) => (revision: number) => Buffer.from(JSON.stringify({ revision, text }))
const names = (entries: readonly { key: ObjectKey }[]) =>
  entries.map(({ key: { namespace, name } }) => `${namespace}/${name}`)
const told = ({ type, entry }: StoreEvent) => `${type} ${entry.key.name}@${entry.revision}`

test('an object is encoded with the revision that it gets, and read back as these bytes', async () => {
  const store = await openStore()
  const created = store.create(key('a'), content('one'))
  expect(created.bytes.toString()).toBe('{"revision":1,"text":"one"}')
  expect(store.get(key('a'))).toBe(created)
  const updated = store.update(key('a'), 1, content('two'))
  expect([updated.revision, store.revision]).toEqual([2, 2])
  expect(store.delete(key('a'), 2, content('two')).bytes.toString()).toBe('{"revision":3,"text":"two"}')
  expect(store.get(key('a'))).toBeUndefined()
})

test('what cannot be written is refused with its own error and takes no revision', async () => {
  const store = await openStore()
  store.create(key('a'), content('one'))
  expect(() => store.create(key('a'), content('two'))).toThrow(ExistsError)
  expect(() => store.update(key('b'), 1, content('two'))).toThrow(MissingError)
  expect(() => store.delete(key('b'), 1, content('two'))).toThrow(MissingError)
  expect(() => store.update(key('a'), 7, content('two'))).toThrow(StaleError)
  const broken = () => {
    throw new Error('cannot be encoded')
  }
  expect(() => store.update(key('a'), 1, broken)).toThrow('cannot be encoded')
  expect(store.revision).toBe(1)
})

test('lists are ordered as the keys of etcd are: a namespace with a dash behind its name comes first', async () => {
  const store = await openStore()
  for (const namespace of ['a', 'b', 'a-b', 'a.b']) store.create(key('x', namespace), content(''))
  store.create(key('w', 'a'), content(''))
  expect(names(store.list({ resource: 'things' }).entries)).toEqual(['a-b/x', 'a.b/x', 'a/w', 'a/x', 'b/x'])
})

test('ranges, counts, clusters and resources tell objects apart by every part of the key', async () => {
  const store = await openStore()
  store.create(key('x', 'a', 'one'), content(''))
  store.create(key('x', 'a', 'two'), content(''))
  store.create(key('x', '', 'two', 'namespaces'), content(''))
  expect(store.count({ resource: 'things' })).toBe(2)
  expect(store.count({ resource: 'things', cluster: 'two' })).toBe(1)
  expect(store.count({ resource: 'things', namespace: 'a' })).toBe(2)
  expect(store.count({ resource: 'things', cluster: 'three' })).toBe(0)
  expect([...store.clusters('things')]).toEqual(['one', 'two'])
  expect([...store.resources('two')]).toEqual(['things', 'namespaces'])
  store.delete(key('x', 'a', 'one'), 1, content(''))
  expect([...store.clusters('things')]).toEqual(['two'])
  expect([...store.resources('one')]).toEqual([])
})

test('pages at the revision of the first one show neither later changes nor gaps', async () => {
  const store = await openStore()
  for (const name of ['a', 'c', 'e', 'g']) store.create(key(name), content(name))
  const first = store.list({ resource: 'things' }, { limit: 2 })
  expect({ ...first, entries: names(first.entries) }).toEqual({
    entries: ['default/a', 'default/c'],
    revision: 4,
    more: true,
    remaining: 2,
  })
  store.create(key('d'), content('d'))
  store.delete(key('e'), 3, content('e'))
  store.update(key('g'), 4, content('changed'))
  const after = { cluster: 'root', namespace: 'default', name: 'c' }
  const second = store.list({ resource: 'things' }, { limit: 2, after, revision: first.revision })
  expect(second.entries.map(({ bytes }) => JSON.parse(bytes.toString()).text)).toEqual(['e', 'g'])
  expect([second.more, second.remaining, second.revision]).toEqual([false, 0, 4])
})

test('a watch begins behind its revision, and hears of its own range alone', async () => {
  const store = await openStore()
  store.create(key('a'), content('one'))
  store.create(key('b', 'other'), content('one'))
  const heard = { all: [] as string[], namespace: [] as string[], anywhere: [] as string[], cluster: [] as string[] }
  store.watch({ resource: 'things' }, 0, (event) => heard.all.push(told(event)))
  store.watch({ resource: 'things', cluster: 'root', namespace: 'other' }, 1, (event) =>
    heard.namespace.push(told(event)),
  )
  store.watch({ resource: 'things', namespace: 'other' }, 2, (event) => heard.anywhere.push(told(event)))
  const end = store.watch({ resource: 'things', cluster: 'there' }, 2, (event) => heard.cluster.push(told(event)))
  store.create(key('c', 'other', 'there'), content('one'))
  store.create(key('d', 'other', 'there', 'gadgets'), content('one'))
  end()
  store.delete(key('c', 'other', 'there'), 3, content('one'))
  expect(heard).toEqual({
    all: ['ADDED a@1', 'ADDED b@2', 'ADDED c@3', 'DELETED c@5'],
    namespace: ['ADDED b@2'],
    anywhere: ['ADDED c@3', 'DELETED c@5'],
    cluster: ['ADDED c@3'],
  })
})

test('an event tells the state before it', async () => {
  const store = await openStore()
  const events: StoreEvent[] = []
  store.watch({ resource: 'things' }, 0, (event) => events.push(event))
  const first = store.create(key('a'), content('one'))
  const second = store.update(key('a'), 1, content('two'))
  store.delete(key('a'), 2, content('two'))
  expect(events.map(({ previous }) => previous)).toEqual([undefined, first, second])
})

test('a listener that throws is reported and stops neither the write nor the others', async () => {
  const onListenerError = vi.fn()
  const store = await openStore({ onListenerError })
  const heard: string[] = []
  store.watch({ resource: 'things' }, 0, () => {
    throw new Error('mistake')
  })
  store.watch({ resource: 'things' }, 0, (event) => heard.push(told(event)))
  store.create(key('a'), content('one'))
  expect(heard).toEqual(['ADDED a@1'])
  expect(onListenerError).toHaveBeenCalledExactlyOnceWith(new Error('mistake'))
})

test('listeners that write, watch and leave within an event see every revision once and in order', async () => {
  const store = await openStore()
  const heard: string[] = []
  const late: string[] = []
  store.watch({ resource: 'things' }, 0, ({ entry }) => {
    if (entry.revision > 1) return
    store.create(key('b'), content('from within'))
    store.watch({ resource: 'things' }, 0, (event) => late.push(told(event)))
  })
  const end = store.watch({ resource: 'things' }, 0, (event) => {
    heard.push(told(event))
    if (event.entry.key.name === 'b') end()
  })
  store.create(key('a'), content('one'))
  store.create(key('c'), content('one'))
  expect(heard).toEqual(['ADDED a@1', 'ADDED b@2'])
  expect(late).toEqual(['ADDED a@1', 'ADDED b@2', 'ADDED c@3'])
})

test('what is older than the history is refused, for watches and for lists', async () => {
  const store = await openStore({ historyLimit: 2 })
  for (const name of ['a', 'b', 'c']) store.create(key(name), content(''))
  expect(store.compacted).toBe(1)
  expect(() => store.watch({ resource: 'things' }, 0, () => {})).toThrow(CompactedError)
  expect(store.list({ resource: 'things' }, { revision: 1 }).entries).toHaveLength(1)
  store.compact(2)
  expect(() => store.list({ resource: 'things' }, { revision: 1 })).toThrow(CompactedError)
  expect(store.list({ resource: 'things' }, { revision: 2 }).entries).toHaveLength(2)
  store.compact(99)
  expect(store.compacted).toBe(3)
})

test('the history holds a bounded number of bytes of past states', async () => {
  const store = await openStore({ historyBytes: 100 })
  const sixty = () => Buffer.alloc(60)
  for (const name of ['a', 'b', 'c']) store.create(key(name), sixty)
  expect(store.compacted).toBe(0)
  store.update(key('a'), 1, sixty)
  expect(store.compacted).toBe(0)
  store.update(key('b'), 2, sixty)
  expect(store.compacted).toBe(4)
  expect(store.list({ resource: 'things' }, { revision: 4 }).entries).toHaveLength(3)
  store.delete(key('c'), 3, sixty)
  expect(store.compacted).toBe(6)
  expect(() => store.watch({ resource: 'things' }, 5, () => {})).toThrow(CompactedError)
})

test('an object shares no memory with what it was encoded from', async () => {
  const store = await openStore()
  const { bytes } = store.create(key('a'), content('one'))
  expect(bytes.buffer.byteLength).toBe(bytes.length)
})
