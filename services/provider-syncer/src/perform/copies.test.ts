import { annotations, fieldManager } from '@resource-broker/api'
import type { CopyMessage, KeyView, KubeObject } from '@resource-broker/bus'
import { isConflict, KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { stripManagedFields } from '../../../../packages/kube/src/managed-fields.ts'
import { assignment, BROKER, copied, copy } from '../fixtures.ts'
import { applyCopy, deleteCopy, tellKept } from './copies.ts'
import type { Performance } from './perform.ts'

/** What is known of the copy at alpha after its deletion was asked for, and refused. */
async function refused(refusal: KubeError, there?: KubeObject) {
  const learned: CopyMessage[] = []
  const client = {
    delete: async () => {
      throw refusal
    },
    get: async () => {
      if (there === undefined) throw new KubeError(404, { reason: 'NotFound' })
      return there
    },
  }
  const context = { clusters: { destinations: { at: () => ({ client }) } }, now: () => new Date(0) }
  const view = {
    learn: (_part: string, _provider: string, message: CopyMessage) => void learned.push(message),
  } as unknown as KeyView
  const seen = { ...copy('alpha'), object: copied({ resourceVersion: '5' }) }
  const performance = { context, known: { key: 'k' }, view } as unknown as Performance
  const error = await deleteCopy(performance, { do: 'delete copy', provider: 'alpha', copy: seen, version: '5' }).catch(
    (thrown: unknown) => thrown,
  )
  return { learned, error }
}

test('a copy that has another version than was seen is known in that one, and the refusal told', async () => {
  const newer = copied({ resourceVersion: '6' })
  const { learned, error } = await refused(new KubeError(409, { reason: 'Conflict' }), newer)
  expect(learned).toMatchObject([{ provider: 'alpha', cluster: 'alpha', object: newer }])
  expect(isConflict(error)).toBe(true)
})

test.each([
  { what: 'when it is to be deleted', status: 404 },
  { what: 'when it is asked for after a refusal', status: 409 },
])('a copy that is gone $what is known to be gone', async ({ status }) => {
  const { learned } = await refused(new KubeError(status, { reason: status === 404 ? 'NotFound' : 'Conflict' }))
  expect(learned).toMatchObject([{ object: null, goneUID: 'uid-copy' }])
})

test('a copy that was to be changed and is gone, or another, is known as it is, and the refusal told', async () => {
  const another = copied({ uid: 'uid-other' })
  for (const there of [undefined, another]) {
    const learned: CopyMessage[] = []
    const client = {
      apply: async () => {
        throw new KubeError(409, { reason: 'Conflict' })
      },
      get: async () => {
        if (there === undefined) throw new KubeError(404, { reason: 'NotFound' })
        return there
      },
    }
    const context = { clusters: { destinations: { at: () => ({ client, cluster: 'alpha' }) } }, now: () => new Date(0) }
    const view = { learn: (_part: string, _provider: string, message: CopyMessage) => void learned.push(message) }
    const known = { key: 'k', ref: copy('alpha'), copies: new Map([['alpha', copy('alpha')]]) }
    const performance = { context, known, view } as unknown as Performance
    const desired = { ...copied(), spec: { size: 2 } } as never
    const refusal = applyCopy(performance, { do: 'apply copy', provider: 'alpha', desired, over: copied() })
    await expect(refusal).rejects.toSatisfy(isConflict)
    expect(learned).toMatchObject([there === undefined ? { object: null, goneUID: 'uid-copy' } : { object: another }])
  }
})

test('a copy of an earlier object of the name that is in the way is known then, and left as it is', async () => {
  const notes = {
    ...copied().metadata.annotations,
    ...{ [annotations.consumerUID]: 'b', [annotations.assignmentUID]: 'c' },
  }
  const managedFields = [{ manager: fieldManager, operation: 'Apply' }]
  const there = stripManagedFields(copied({ annotations: notes, ...{ managedFields } }))
  const [learned, applied]: [CopyMessage[], number[]] = [[], []]
  const client = {
    apply: async () => {
      applied.push(1)
      throw new KubeError(409, { reason: 'AlreadyExists' })
    },
    get: async () => there,
  }
  const context = {
    clusters: { destinations: { of: () => ({ client, cluster: 'alpha' }) } },
    logger: { info: () => undefined },
    settled: new Map(),
    now: () => new Date(0),
  }
  const view = { learn: (_part: string, _provider: string, message: CopyMessage) => void learned.push(message) }
  const known = { key: 'k', ref: copy('alpha'), copies: new Map(), brokerID: BROKER, assignment: assignment() }
  const performance = { context, known, view } as unknown as Performance
  const desired = { ...copied(), spec: { size: 2 } } as never
  await applyCopy(performance, { do: 'apply copy', provider: 'alpha', desired, over: undefined })
  expect([learned, applied, context.settled.size]).toMatchObject([[{ object: there }], [1], 0])
})

/** What is known of the copy at alpha once it was to say that it is kept, and `there` was found in its place. */
async function kept(there: KubeObject | undefined) {
  const learned: CopyMessage[] = []
  const client = {
    mergePatch: async (_ref: unknown, { metadata: { uid, annotations: notes } }: KubeObject) => {
      if (there === undefined) throw new KubeError(404, { reason: 'NotFound' })
      if (there.metadata.uid !== uid) throw new KubeError(409, { reason: 'Conflict' })
      return { ...there, metadata: { ...there.metadata, annotations: { ...there.metadata.annotations, ...notes } } }
    },
    get: async () => {
      if (there === undefined) throw new KubeError(404, { reason: 'NotFound' })
      return there
    },
  }
  const context = { clusters: { destinations: { at: () => ({ client }) } }, now: () => new Date(0) }
  const view = { learn: (_part: string, _provider: string, message: CopyMessage) => void learned.push(message) }
  const seen = { ...copy('alpha'), object: copied() }
  const performance = { context, known: { key: 'k' }, view } as unknown as Performance
  await tellKept(performance, { do: 'tell kept', provider: 'alpha', copy: seen, until: '2026-01-01T02:30:00Z' })
  return learned[0]?.object
}

test('a copy says until when it is kept, and nothing else of it changes', async () => {
  const there = copied({ resourceVersion: '6' })
  const notes = { ...there.metadata.annotations, [annotations.keptUntil]: '2026-01-01T02:30:00Z' }
  expect(await kept(there)).toEqual({ ...there, metadata: { ...there.metadata, annotations: notes } })
})

test('another copy than that which is kept says nothing, and is known then', async () => {
  const there = copied({ uid: 'another' })
  expect(await kept(there)).toEqual(there)
})

test('a copy that was to say that it is kept and is gone is known to be gone', async () => {
  expect(await kept(undefined)).toBeNull()
})
