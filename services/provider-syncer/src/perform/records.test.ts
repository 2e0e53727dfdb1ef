import { Assignment } from '@resource-broker/api'
import type { KeyView, Publication } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { assignment } from '../fixtures.ts'
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
    sequence: () => 7,
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
        after: 7,
        ifNews: true,
        tombstone: true,
      },
    ])
    expect(notes.hasNoAssignment).toBe(true)
  },
)
