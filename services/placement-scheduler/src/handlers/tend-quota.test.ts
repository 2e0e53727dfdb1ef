import { ConsumerQuota, compileQuota, conditionTypes, getCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { NO_QUOTAS, platformOf } from '../fixtures.ts'
import { tendQuota } from './tend-quota.ts'

function quota(objects: unknown): KubeObject {
  const { apiVersion, kind } = ConsumerQuota
  const metadata = { name: 'q', uid: 'u', resourceVersion: '1', generation: 1 }
  return { apiVersion, kind, metadata, spec: { objects } }
}

/** A platform that has a quota, of which consumers have something. */
function platform(object: KubeObject) {
  const { held, client } = platformOf(object)
  const learned: KubeObject[] = []
  const removed: string[] = []
  let used = [{ consumer: 'acme', objects: 1, waiting: 2 }]
  const context = {
    clusters: { coordination: client },
    quotas: {
      ...NO_QUOTAS,
      learn: (its: KubeObject) => learned.push(its),
      remove: async (usage: string) => void removed.push(usage),
      usedOf: () => ({ consumers: used.length, waiting: 2, used }),
    },
    ...{ logger: { info: () => undefined }, now: () => new Date(0) },
  } as unknown as SchedulerContext
  const at = () => held.get('q') as KubeObject
  const status = () => (at()['status'] ?? {}) as ConsumerQuota['status'] & object
  return {
    look: () => tendQuota(context, { quota: at() }),
    context,
    learned,
    removed,
    status,
    at,
    use: (its: typeof used) => {
      used = its
    },
  }
}

test.each([
  {
    objects: 10,
    status: 'True',
    reason: 'Valid',
    message: 'of each consumer that it selects 10 objects are placed at most',
  },
  {
    objects: 1,
    status: 'True',
    reason: 'Valid',
    message: 'of each consumer that it selects 1 object is placed at most',
  },
  {
    objects: 'many',
    status: 'False',
    reason: 'Invalid',
    message: expect.stringMatching(/^spec\.objects: .*; what it may select waits$/),
  },
])('a quota of $objects is told how it stands', async ({ objects, ...said }) => {
  const { look, status, learned, at } = platform(quota(objects))
  await look()
  expect(getCondition(status().conditions, conditionTypes.ready)).toMatchObject({ ...said, observedGeneration: 1 })
  expect(learned).toEqual([at()])
  expect(compileQuota(at()).quota.name).toBe('q')
})

test('what consumers have is told when it changed, and nothing is written when it did not', async () => {
  const { look, status, at, use } = platform(quota(1))
  await look()
  expect(status()).toMatchObject({ consumers: 1, waiting: 2, used: [{ consumer: 'acme', objects: 1, waiting: 2 }] })
  const { resourceVersion } = at().metadata
  await look()
  expect(at().metadata.resourceVersion).toBe(resourceVersion)
  use([])
  await look()
  expect(status()).toMatchObject({ consumers: 0, used: [] })
})

test('a record is looked at by its name', async () => {
  const { context, removed } = platform(quota(1))
  expect(await tendQuota(context, { usage: 'quota-x' })).toEqual({ done: true })
  expect(removed).toEqual(['quota-x'])
})
