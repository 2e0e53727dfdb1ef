import { Assignment } from '@resource-broker/api'
import { type KubeClient, KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { SyncerContext } from '../context.ts'
import { assignment, knownFrom, ref, viewOf } from '../fixtures.ts'
import type { Performance } from './perform.ts'
import { forgetDecision, readSource } from './source.ts'

/** A look at an object that no message told of, whose API server answers 404, while these versions of its API are watched. */
function lookAt(...versions: string[]): Performance {
  const client = { get: () => Promise.reject(new KubeError(404, { reason: 'NotFound' })) } as unknown as KubeClient
  const kinds = versions.map((version) => ({ group: ref.gvr.group, version, kind: 'Thing' }))
  const context = { clusters: { consumers: { client: () => client }, kinds: { all: kinds } } }
  const known = knownFrom({ assignment: { name: 'assignment-a', object: assignment() } })
  return { known, context: context as unknown as SyncerContext } as Performance
}

const asked = { do: 'read source', uid: Assignment.of(assignment()).spec.uid } as const

test('an object is gone when its API server says so, asked in the version in which it is read', async () => {
  const look = lookAt('v1')
  await readSource(look, asked)
  expect(look.known.notes.goneSource).toBe(asked.uid)
})

test('an API server that does not serve the version which the Assignment names does not say that the object is gone', async () => {
  const look = lookAt('v2')
  await expect(readSource(look, asked)).rejects.toThrow(
    'things.v1.test.platform-mesh.io is not what the broker watches, but v2',
  )
  expect(look.known.notes.goneSource).toBeUndefined()
})

test.each([
  { what: 'goes with the object', next: undefined, said: 1 },
  { what: 'of the next object of its name stays', next: 'uid-next', said: 0 },
])('a decision $what', async ({ next, said }) => {
  const decision = { uid: 'uid-a', generation: 2, sourceVersion: '9', provider: 'alpha' }
  const messages: Record<string, unknown> = { decision }
  const [known, view] = [knownFrom(messages), viewOf(messages)]
  if (next !== undefined) messages['decision'] = { ...decision, uid: next } // while the object was let go
  const published: unknown[] = []
  const context = { bus: { publish: async (publication: unknown) => published.push(publication) } }
  await forgetDecision({ known, view, context } as unknown as Performance)
  expect(published).toHaveLength(said)
})
