import { expect, test, vi } from 'vitest'
import { sourceMessage } from '../test/fixture.ts'
import type { SourceMessage } from './messages.ts'
import { type Snapshot, Snapshots, type Stored } from './snapshots.ts'

const stored = (seq: number, version: string, timestampNanos = seq): Stored => ({
  subject: 'broker.0.a.source',
  seq,
  data: Buffer.from(JSON.stringify(sourceMessage('a', version))),
  info: { timestampNanos },
})

const versionIn = ({ message }: Snapshot) => (message as SourceMessage).object?.metadata.resourceVersion

test('whoever asks for one message has the same, parsed once', () => {
  const snapshots = new Snapshots()
  const [first, second] = [snapshots.of('source', stored(1, '10')), snapshots.of('source', stored(1, '10'))]
  expect(second).toBe(first)
  expect(second.message).toBe(first.message)
})

test('which trace a message belongs to is read for whoever traces, and for nobody else', () => {
  const get = (name: string) => (name === 'traceparent' ? '00-a-b-01' : '')
  const message = { ...stored(1, '10'), headers: { get } }
  expect(new Snapshots(true).of('source', message).traceparent).toBe('00-a-b-01')
  expect(new Snapshots(true).of('source', { ...message, headers: { get: () => '' } }).traceparent).toBeUndefined()
  expect(new Snapshots().of('source', { ...message, headers: { get: () => expect.fail('parsed') } }).seq).toBe(1)
})

test.each([
  ['a later one', stored(2, '11')],
  ['one of the same sequence in another stream', stored(1, '11', 99)],
])('%s of the subject is another', (_what, other) => {
  const snapshots = new Snapshots()
  const first = snapshots.of('source', stored(1, '10'))
  expect(versionIn(snapshots.of('source', other))).toBe('11')
  expect(versionIn(first)).toBe('10')
})

test('what nobody asked for in two turns is not kept for others', () => {
  vi.useFakeTimers()
  const snapshots = new Snapshots()
  const snapshot = snapshots.of('source', stored(1, '10'))
  vi.advanceTimersByTime(1_999)
  expect(snapshots.of('source', stored(1, '10'))).toBe(snapshot)
  vi.advanceTimersByTime(1)
  expect(snapshots.of('source', stored(1, '10'))).not.toBe(snapshot)
  vi.useRealTimers()
})

test('integers of 64 bits are in a message as they were written', () => {
  const text = JSON.stringify(sourceMessage('a', '10')).replace('"kind"', '"spec":{"v":9007199254740993},"kind"')
  const { message } = new Snapshots().of('source', { ...stored(1, '10'), data: Buffer.from(text) })
  expect((message as SourceMessage).object).toMatchObject({ spec: { v: 9007199254740993n } })
})
