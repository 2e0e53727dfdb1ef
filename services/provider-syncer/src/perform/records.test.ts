import { Assignment } from '@resource-broker/api'
import type { KeyView, Publication } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { readKnown } from '../facts/known.ts'
import { assignment, BROKER, KEY, knownFrom, ref, source, viewOf } from '../fixtures.ts'
import type { Performance } from './perform.ts'
import { deleteAssignment, readAssignment } from './records.ts'

const known = Assignment.of(assignment())

/** What is said to all, and known here, after one act on an Assignment that the platform does not have any more. */
async function act(perform: (performance: Performance) => Promise<void>) {
  const published: Publication[] = []
  const learned: unknown[] = []
  const gone = async () => {
    throw new KubeError(404, { reason: 'NotFound' })
  }
  const context = {
    bus: { publish: async (publication: Publication) => published.push(publication) },
    clusters: { coordination: { get: gone, delete: gone } },
    ...{ logger: { info: () => undefined }, now: () => new Date(0) },
  }
  const view = {
    get: () => undefined,
    learn: (_part: string, _qualifier: undefined, message: unknown) => void learned.push(message),
  } as unknown as KeyView
  const notes = { hasNoAssignment: false }
  await perform({ context, view, known: { key: 'k', assignment: known, notes } } as unknown as Performance)
  return { published, learned, notes }
}

test.each([
  { what: 'is asked for', perform: readAssignment },
  { what: 'is deleted', perform: deleteAssignment },
])(
  'that an Assignment is gone is passed on to all when it $what: the watch may never have known of it',
  async ({ perform }) => {
    const { published, learned, notes } = await act(perform)
    const { name, uid, resourceVersion } = known.metadata
    expect(learned).toEqual([{ name, object: null, goneUID: uid, goneVersion: resourceVersion }])
    expect(published).toMatchObject([
      {
        part: 'assignment',
        key: 'k',
        message: learned[0],
        version: `${uid}-gone`,
        ifNews: true,
        tombstone: true,
      },
    ])
    expect(notes.hasNoAssignment).toBe(true)
  },
)

test.each([
  { what: 'the object that was known then', next: {}, says: null },
  { what: 'no other that has its name since', next: { uid: 'uid-next' }, says: undefined },
])('that there is no Assignment is said of $what', async ({ next, says }) => {
  const messages: Record<string, unknown> = { source: { ref, object: source() } }
  const view = viewOf(messages)
  const before = knownFrom(messages)
  const get = async () => {
    messages['source'] = { ref, object: source(next) } // while the answer is on its way
    throw new KubeError(404, { reason: 'NotFound' })
  }
  const context = { clusters: { coordination: { get } }, now: () => new Date(0) }
  await readAssignment({ context, view, known: before } as unknown as Performance)
  const { places, notes } = before
  expect(readKnown({ key: KEY, view, brokerID: BROKER, places, notes, now: 0 }).assignment).toBe(says)
})
