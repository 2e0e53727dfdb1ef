import { expect, test } from 'vitest'
import { sourceMessage } from '../test/fixture.ts'
import { Snapshots, type Stored } from './snapshots.ts'

const stored = (seq: number, version: string, timestampNanos = seq): Stored => ({
  subject: 'broker.0.a.source',
  seq,
  data: Buffer.from(JSON.stringify(sourceMessage('a', version))),
  info: { timestampNanos },
})

test('whoever asks for one message has the same, parsed once', () => {
  const snapshots = new Snapshots()
  const [first, second] = [snapshots.of('source', stored(1, '10')), snapshots.of('source', stored(1, '10'))]
  expect(second).toBe(first)
  expect(second.message).toBe(first.message)
})

test.each([
  ['a later one', stored(2, '11')],
  ['one of the same sequence in another stream', stored(1, '11', 99)],
])('%s of the subject is another', (_what, other) => {
  const snapshots = new Snapshots()
  const first = snapshots.of('source', stored(1, '10'))
  expect(snapshots.of('source', other).message.object?.metadata.resourceVersion).toBe('11')
  expect(first.message.object?.metadata.resourceVersion).toBe('10')
})
