import { expect, test } from 'vitest'
import { sourceMessage } from '../test/fixture.ts'
import cases from '../vectors/answers.json' with { type: 'json' }
import { TerminalError } from './errors.ts'
import type { Part } from './layout.ts'
import { KeyView } from './partition-view.ts'
import { Snapshot } from './snapshots.ts'

/** As the stream delivers it. */
const at = (seq: number, data: Uint8Array, part: Part = 'source') =>
  new Snapshot(part, { seq, data, info: { timestampNanos: seq } })
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const snapshot = (version: string, uid = 'u') => bytes(sourceMessage('a', version, uid))
type Versioned = { cluster: string; uid: string; version: string }
const versionIn = (view: KeyView) => view.get('source')?.object?.metadata.resourceVersion

test('a learned answer is not undone by an older snapshot, but by a newer one', () => {
  const view = new KeyView()
  view.put('source', undefined, at(1, snapshot('10')), 0)
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 100)
  view.put('source', undefined, at(2, snapshot('11')), 200)
  expect(versionIn(view)).toBe('12')
  view.put('source', undefined, at(3, snapshot('13')), 300)
  expect(versionIn(view)).toBe('13')
})

test('resourceVersions are compared as numbers', () => {
  const view = new KeyView()
  view.learn('source', undefined, sourceMessage('a', '100', 'u'), 0)
  view.put('source', undefined, at(1, snapshot('99')), 1)
  expect(versionIn(view)).toBe('100')
})

test('an answer counts as unconfirmed until a message tells of it, and one that says what a message said does not', () => {
  const view = new KeyView()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 100)
  expect(view.learnedFor('source', undefined, 350)).toBe(250)
  view.put('source', undefined, at(7, snapshot('12')), 400)
  expect(view.learnedFor('source', undefined, 450)).toBeUndefined()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 500)
  expect(view.learnedFor('source', undefined, 600)).toBeUndefined()
  view.learn('source', undefined, sourceMessage('a', '13', 'u'), 700)
  expect([view.learnedFor('source', undefined, 800), view.sequence('source')]).toEqual([100, 7])
})

test('what only an answer has told of is untold until a message tells of it, be it that another answer comes later', () => {
  const view = new KeyView()
  expect(view.untoldFor('source', undefined, 50)).toBeUndefined()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 100)
  expect(view.untoldFor('source', undefined, 350)).toBe(250)
  view.put('source', undefined, at(7, snapshot('12')), 400)
  view.learn('source', undefined, sourceMessage('a', '13', 'u'), 700)
  expect(view.untoldFor('source', undefined, 800)).toBeUndefined()
})

test('a learned answer yields to any new message after ten seconds', () => {
  const view = new KeyView()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 0)
  view.put('source', undefined, at(2, snapshot('11')), 10_001)
  expect(versionIn(view)).toBe('11')
})

test('the message that an answer was learned from does not undo it when it is delivered again, however late', () => {
  const view = new KeyView()
  view.put('source', undefined, at(5, snapshot('10')), 0)
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 100)
  view.put('source', undefined, at(5, snapshot('10')), 60_000)
  expect(versionIn(view)).toBe('12')
})

test('a new object of the name, and the word that it is gone, replace what was learned', () => {
  const view = new KeyView()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 0)
  view.put('source', undefined, at(1, snapshot('13', 'other')), 1)
  expect(view.get('source')?.object?.metadata.uid).toBe('other')
  view.learn('source', undefined, sourceMessage('a', '14', 'other'), 2)
  view.put('source', undefined, at(2, bytes({ ...sourceMessage('a'), object: null })), 3)
  expect(view.get('source')?.object).toBeNull()
})

test('an answer that was overtaken by the stream while it was on the way is not learned', () => {
  const view = new KeyView()
  view.put('source', undefined, at(1, snapshot('12')), 0)
  view.learn('source', undefined, sourceMessage('a', '11', 'u'), 1)
  expect(versionIn(view)).toBe('12')
  view.put('source', undefined, at(2, bytes({ ...sourceMessage('a'), object: null, goneUID: 'u' })), 2)
  view.learn('source', undefined, sourceMessage('a', '11', 'u'), 3)
  expect(view.get('source')?.object).toBeNull()
})

test('the word that an object is gone says nothing of the next one of its name', () => {
  const view = new KeyView()
  view.put('source', undefined, at(1, snapshot('10', 'first')), 0)
  view.learn('source', undefined, sourceMessage('a', '12', 'second'), 1)
  view.put('source', undefined, at(2, bytes({ ...sourceMessage('a'), object: null, goneUID: 'first' })), 2)
  expect(view.get('source')?.object?.metadata.uid).toBe('second')
})

test.each(cases)('$name', ({ known, learned, version }) => {
  const view = new KeyView()
  const message = ({ cluster, uid, version }: Versioned) => ({
    ...{ provider: 'p', cluster, gvr: { group: '', version: 'v1', resource: 'things' }, ours: true },
    object: { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid, resourceVersion: version } },
  })
  view.put('copy', 'p', at(1, bytes(message(known)), 'copy'), 0)
  view.learn('copy', 'p', message(learned), 1)
  expect(view.get('copy', 'p')?.object?.metadata).toMatchObject(version)
})

test('the view tells the sequence of what the stream has, also of what was learned and then stored', () => {
  const view = new KeyView()
  expect(view.sequence('source')).toBe(0)
  view.put('source', undefined, at(5, snapshot('10')), 0)
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 100)
  expect(view.sequence('source')).toBe(5)
  view.published('source', undefined, 8)
  expect(view.sequence('source')).toBe(8)
})

test('a message that comes late over a newer of its subject is ignored', () => {
  const view = new KeyView()
  view.put('source', undefined, at(7, snapshot('20')), 0)
  view.put('source', undefined, at(6, snapshot('19')), 0)
  expect(versionIn(view)).toBe('20')
})

test.each([
  ['no JSON', '{"ref":'],
  ['another shape', '{"ref":1}'],
  ['not even text', '\xff'],
])('data that is %s is told when it is read, also where an answer was learned before', (_what, data) => {
  const view = new KeyView()
  view.learn('source', undefined, sourceMessage('a', '12', 'u'), 0)
  view.put('source', undefined, at(1, bytes(data)), 1)
  expect(() => view.get('source')).toThrow(TerminalError)
  expect(() => view.get('source')).toThrow(/part source/)
})

test('qualified parts are told apart, sorted, and not mixed up with parts of a longer name', () => {
  const view = new KeyView()
  const record = (name: string) => ({ name, object: null })
  view.put('migration', 'b', at(1, bytes(record('b')), 'migration'), 0)
  view.put('migration', 'a', at(2, bytes(record('a')), 'migration'), 0)
  view.put('copy-related', 'x', at(3, bytes({ related: [] }), 'copy-related'), 0)
  expect([...view.all('migration').keys()]).toEqual(['a', 'b'])
  expect(view.all('copy').size).toBe(0)
  view.forget('migration', 'a')
  expect([...view.all('migration').keys()]).toEqual(['b'])
})

test('the view keeps its own bytes: the client uses its buffer again', () => {
  const view = new KeyView()
  const buffer = snapshot('10')
  view.put('source', undefined, at(1, buffer), 0)
  buffer.fill(0)
  expect(versionIn(view)).toBe('10')
})

test('a key is gone when all that was heard of it is, and not while a decision or a related object is left', () => {
  const view = new KeyView()
  const decision = (provider: string | null) => bytes({ uid: 'u', generation: 1, sourceVersion: '1', provider })
  view.put('decision', undefined, at(1, decision('alpha'), 'decision'), 0)
  expect(view.isGone).toBe(false)
  view.put('source', undefined, at(2, snapshot('10')), 0)
  view.put(
    'source-related',
    'acme',
    at(3, bytes({ related: [{ kind: 'Secret', namespace: 'default', name: 's' }] }), 'source-related'),
    0,
  )
  view.put('source', undefined, at(4, bytes({ ...sourceMessage('a'), object: null })), 0)
  view.put('decision', undefined, at(5, decision(null), 'decision'), 0)
  expect(view.isGone).toBe(false)
  view.put('source-related', 'acme', at(6, bytes({ related: [] }), 'source-related'), 0)
  expect(view.isGone).toBe(true)
})
