import { PassThrough } from 'node:stream'
import { stringifyJson } from '@resource-broker/json'
import type { KubeClient } from '@resource-broker/kube'
import type { Logger } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { policy } from './fixtures.ts'
import { Policies } from './policies.ts'

const object = {
  ...{ consumer: { cluster: 'acme' }, gvr: { group: 'g', version: 'v1', resource: 'things' } },
  ...{ name: 'a', uid: 'u', generation: 1, object: { spec: {} } },
}

/** The policies of a platform that has one, what is counting, how often something was told to have changed, and what was logged. */
async function platform(...objects: object[]) {
  const stream = new PassThrough()
  const write = (type: string, of: object) => stream.write(`${stringifyJson({ type, object: of })}\n`)
  for (const each of objects) write('ADDED', each)
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  write('BOOKMARK', { metadata: { resourceVersion: '1', annotations } })
  const stop = new AbortController()
  const told = { times: 0 }
  const errors: unknown[] = []
  const news: PromiseWithResolvers<void>[] = []
  const policies = new Policies({
    coordination: { watch: async () => stream } as unknown as KubeClient,
    logger: { info: () => undefined, error: (fields: unknown) => errors.push(fields) } as unknown as Logger,
    changed: () => {
      told.times++
      news.pop()?.resolve()
    },
  })
  expect(policies.obstacle).toBe('the PlacementPolicies of the platform are not known yet')
  await policies.start(stop.signal)
  /** Has the watch tell something, and waits until that was told. */
  const say = async (type: string, of: object) => {
    const next = Promise.withResolvers<void>()
    news.push(next)
    write(type, of)
    await next.promise
  }
  return { policies, counts: () => policies.index.for(object)?.policy.name, told, errors, write, say, stop }
}

test('a policy counts once it is known, is told of when it says something else, and no more when it is gone', async () => {
  const { policies, counts, told, write, say, stop } = await platform(policy({ selector: {} }))
  expect([policies.obstacle, counts(), told.times]).toEqual([undefined, 'some', 0])
  const status = { conditions: [] }
  write('MODIFIED', { ...policy({ selector: {} }, { resourceVersion: '2' }), status })
  await say(
    'MODIFIED',
    policy({ selector: { consumers: [{ path: 'other' }] } }, { resourceVersion: '3', generation: 2 }),
  )
  expect([counts(), told.times]).toEqual([undefined, 1])
  const known = [1, 2, 3].map((generation) => policies.counts(policy({}, { generation })))
  expect([...known, policies.counts(policy({}, { uid: 'another' }))]).toEqual([true, true, false, false])
  await say('MODIFIED', policy({ selector: {} }, { resourceVersion: '4', generation: 3 }))
  expect([counts(), told.times]).toEqual(['some', 2])
  await say('DELETED', policy({ selector: {} }, { resourceVersion: '5', generation: 3 }))
  expect([counts(), told.times]).toEqual([undefined, 3])
  await say('ADDED', policy({ selector: {} }, { resourceVersion: '6', uid: 'another' }))
  expect([counts(), told.times]).toEqual(['some', 4])
  stop.abort()
})

test('one that cannot be read counts for nothing, is logged, and keeps neither the others nor the start from being ready', async () => {
  const newer = policy({ selector: {}, priority: 'high' }, { name: 'newer' })
  const { counts, errors, stop } = await platform(newer, policy({ selector: {} }))
  expect(counts()).toBe('some')
  expect(errors).toMatchObject([{ policy: 'newer', mistakes: [{ path: 'spec.priority' }] }])
  stop.abort()
})
