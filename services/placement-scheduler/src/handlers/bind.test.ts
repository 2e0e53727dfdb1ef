import { annotations, assignmentName, conditionTypes, finalizer, keyOf, PolicyIndex } from '@resource-broker/api'
import type { KeyView, KubeObject, RecordMessage, Run } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, consumerOf, NO_QUOTAS, offersOf, platformOf, ref, source, viewOf } from '../fixtures.ts'
import { place } from './place.ts'

const KEY = keyOf(ref)

/** The Assignment that the platform has, and no message told of. */
const named = (): KubeObject => {
  const object = assignment().object as KubeObject
  return { ...object, metadata: { ...object.metadata, name: assignmentName(KEY) } }
}

const unplaced = (status = {}): KeyView => viewOf({ source: { ref, object: { ...source(), status } } })

/** One look at an object of which no Assignment is known here. */
async function look({
  platform = platformOf(named()),
  index = offersOf('alpha'),
  status = {},
  applied = source({ resourceVersion: '8' }) as KubeObject | Promise<KubeObject>,
  view = unplaced(status),
} = {}) {
  const written: unknown[] = []
  const said: unknown[] = []
  const consumer = {
    apply: async () => applied,
    get: async () => {
      throw new KubeError(404, { reason: 'NotFound' })
    },
    mergePatch: async (_ref: object, patch: unknown) => {
      written.push(patch)
      return source()
    },
    create: async () => ({}),
  }
  const context = {
    clusters: {
      coordination: platform.client,
      consumers: { client: () => consumer, describe: consumerOf, uidOf: () => undefined },
    },
    offers: { index },
    capacity: { claim: async () => true, usageBy: () => () => 0 },
    quotas: NO_QUOTAS,
    standings: { of: () => 'open', labels: () => undefined },
    policies: { index: new PolicyIndex() },
    bus: { publish: async (publication: unknown) => said.push(publication) },
    now: () => new Date(0),
  } as unknown as SchedulerContext
  const outcome = await place(context, { key: KEY, view, attempt: 1 } as unknown as Run)
  return { outcome, written, said, view, known: view.get('assignment') as RecordMessage | undefined }
}

test('an Assignment that nobody told of is known once the platform refuses a second one', async () => {
  const { outcome, known } = await look()
  expect(known?.object?.metadata.uid).toBe('uid-assignment')
  expect(outcome).toMatchObject({ requeueAfterMs: 0 })
})

test('an object that says it is placed is not told otherwise before the platform was asked', async () => {
  const status = { conditions: [{ type: conditionTypes.placed, status: 'True', reason: 'Placed', message: '' }] }
  const found = await look({ index: offersOf(), status })
  expect(found.known?.object?.metadata.uid).toBe('uid-assignment')
  expect(found.written).toEqual([])
  expect((await look({ index: offersOf(), status, platform: platformOf() })).written).toHaveLength(1)
})

test('a new Assignment is told of beside what the stream has by then: it may have gone while its answer was on the way', async () => {
  const { said } = await look({ platform: platformOf() })
  expect(said[0]).toMatchObject({ part: 'assignment', ifNews: true })
  expect(said[0]).not.toHaveProperty('after')
})

test('an object that is being deleted when it is to be placed has no Assignment, and no copy is decided for it', async () => {
  const platform = platformOf()
  const applied = source({ resourceVersion: '8', deletionTimestamp: '2026-01-01T00:00:00Z' })
  const { said, view } = await look({ platform, applied })
  expect(platform.held.size).toBe(0)
  expect(said).toEqual([])
  expect(view.get('source')?.object).toEqual(applied)
})

test('a look of which one write fails lasts until the other is over', async () => {
  const platform = platformOf()
  const { create } = platform.client
  const slow = Promise.withResolvers<void>()
  platform.client.create = async (...given: Parameters<typeof create>) => {
    await slow.promise
    return await create(...given)
  }
  let isOver = false
  const looked = look({ platform, applied: Promise.reject(new Error('no answer')) }).finally(() => {
    isOver = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(isOver).toBe(false)
  slow.resolve()
  await expect(looked).rejects.toThrow('no answer')
  expect([...platform.held.values()]).toMatchObject([{ spec: { providerCluster: 'alpha' } }])
})

test('of an object that had a provider before and is gone no Assignment is made, not even for a moment', async () => {
  const platform = platformOf()
  const made: unknown[] = []
  const { create } = platform.client
  platform.client.create = async (...given: Parameters<typeof create>) => {
    made.push(given)
    return await create(...given)
  }
  const { uid } = source().metadata
  const decision = { uid, generation: 1, sourceVersion: '5', provider: 'alpha' }
  const decided = () => viewOf({ source: { ref, object: source() }, decision })
  const { view } = await look({
    platform,
    view: decided(),
    applied: Promise.reject(new KubeError(404, { reason: 'NotFound' })),
  })
  expect(made).toEqual([])
  expect(view.get('source')?.object).toBeNull()
  await look({ platform, view: decided() })
  expect(made).toHaveLength(1)
})

test('an object is never placed by a finalizer that only a message of before has: the consumer is asked again, also where the Assignment was made', async () => {
  const held = { finalizers: [finalizer], annotations: { [annotations.providerCluster]: 'alpha' } }
  const view = viewOf({ source: { ref, object: source(held) } })
  const platform = platformOf()
  await expect(look({ platform, view, applied: Promise.reject(new Error('no answer')) })).rejects.toThrow('no answer')
  const gone = Promise.reject(new KubeError(409, { reason: 'Conflict' }))
  const { said } = await look({ platform, view, applied: gone })
  expect(said).toEqual([])
  expect(view.get('source')?.object).toBeNull()
})
