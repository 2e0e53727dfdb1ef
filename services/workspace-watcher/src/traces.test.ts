import { annotations } from '@resource-broker/api'
import type { KubeObject, Publication } from '@resource-broker/bus'
import type { Tracing } from '@resource-broker/service'
import { GOES_ON_MS } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { publishTraced } from './publish-traced.ts'
import { beginsWithSpec, noted } from './traces.ts'

const CREATED = '2026-01-01T00:00:00Z'
const NOW = Date.parse(CREATED)

function object({
  uid = 'u',
  generation = 1,
  note,
}: {
  uid?: string
  generation?: number
  note?: string
} = {}): KubeObject {
  const written = note === undefined ? {} : { annotations: { [annotations.traceparent]: note } }
  const metadata = { name: 'a', uid, generation, resourceVersion: '1', creationTimestamp: CREATED, ...written }
  return { apiVersion: 'v1', kind: 'Thing', metadata }
}

const seen = (of: Parameters<typeof object>[0] = {}) => {
  const { uid = 'u', generation = 1, note } = of
  return { ref: { uid }, generation, note }
}

test.each([
  ['an object that was not there', object(), undefined, { is: 'step' }],
  ['another object of the name', object({ uid: 'v' }), seen(), { is: 'step' }],
  ['another spec, and a deletion', object({ generation: 2 }), seen(), { is: 'step' }],
  ['not a status', object(), seen(), undefined],
])('a trace begins with %s', (_what, now, before, expected) => {
  expect(beginsWithSpec(now, before)).toEqual(expected)
})

test.each([
  [
    'is a step when it is first seen',
    object({ note: 'a' }),
    undefined,
    0,
    { is: 'step', origin: { traceparent: 'a', at: NOW } },
  ],
  [
    'is a step when it is noted anew',
    object({ note: 'b' }),
    seen({ note: 'a' }),
    60,
    { is: 'step', origin: { traceparent: 'b', at: NOW + 60 } },
  ],
  [
    'only says later on what it belongs to',
    object({ note: 'a' }),
    seen({ note: 'a' }),
    60,
    { is: 'echo', traceparent: 'a' },
  ],
  ['says nothing of a trace of long ago', object({ note: 'a' }), seen({ note: 'a' }), GOES_ON_MS, undefined],
  ['says nothing of it when it is first seen long after', object({ note: 'a' }), undefined, GOES_ON_MS, undefined],
  ['without a note says nothing', object(), undefined, 0, undefined],
])('a record %s', (_what, now, before, later, expected) => {
  expect(noted(now, before, NOW + later)).toEqual(expected)
})

test('an echo is published with the trace that it belongs to, and is no step', async () => {
  const said: Publication[] = []
  const publication: Publication<'source'> = { part: 'source', key: 'k', message: {} as never }
  const tracing = { step: () => expect.fail('it is no step') } as unknown as Tracing
  const publish = async (one: Publication) => void said.push(one)
  await publishTraced(tracing, publication, { is: 'echo', traceparent: 'a' }, publish)
  await publishTraced(undefined, publication, { is: 'echo', traceparent: 'a' }, publish)
  expect(said).toEqual([{ ...publication, traceparent: 'a' }, publication])
})
