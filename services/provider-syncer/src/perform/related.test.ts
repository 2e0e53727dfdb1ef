import { labels } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { Current } from '../facts/known.ts'
import { assignment, BROKER, copied, copy, KEY, knownFrom, ref, source, viewOf } from '../fixtures.ts'
import type { Action } from '../plan/action.ts'
import type { Performance } from './perform.ts'
import { bringRelated } from './related.ts'

const owner = (uid: string, name = 'a') => ({ apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', name, uid })

/** A Secret at the consumer that the broker made for somebody. */
const secret = (key: string, ...owners: object[]): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Secret', data: { of: 'before' }, type: 'Opaque' },
  metadata: {
    ...{ name: 's', namespace: 'default', uid: 'uid-s', resourceVersion: '7' },
    labels: { [labels.relatedTo]: key, [labels.brokerID]: BROKER },
    ownerReferences: owners,
  } as KubeObject['metadata'],
})

/** Brings a Secret to where the consumer has this one. Resolves to what it is replaced by. */
async function bring(existing: KubeObject): Promise<KubeObject[]> {
  const replaced: KubeObject[] = []
  const consumer = {
    create: async () => {
      throw new KubeError(409, { reason: 'AlreadyExists' })
    },
    get: async () => existing,
    replace: async (_ref: object, body: KubeObject) => {
      replaced.push(body)
      return body
    },
  }
  const origin = { ...existing, data: { of: 'alpha' }, metadata: { name: 'o', uid: 'uid-o', resourceVersion: '9' } }
  const context = {
    clusters: {
      consumers: { client: () => consumer },
      destinations: { at: () => ({ client: { get: async () => origin } }) },
    },
    ...{ compared: new Map(), now: () => new Date(0) },
  }
  const messages = { source: { ref, object: source() }, assignment: { name: 'assignment-a', object: assignment() } }
  const [known, view] = [knownFrom(messages) as Current, viewOf(messages)]
  const item = { kind: 'Secret' as const, from: { namespace: 'x', name: 'o' }, to: { namespace: 'default', name: 's' } }
  const action = { do: 'bring related', from: copy('alpha', { object: copied() }), item, over: undefined }
  await bringRelated(
    { context, known, view } as unknown as Performance,
    action as unknown as Extract<Action, { do: 'bring related' }>,
  )
  return replaced
}

test('a Secret that an earlier object of the name left is the present one’s, and no more that one’s', async () => {
  const written = await bring(secret(KEY, owner('uid-earlier')))
  const metadata = { ...secret(KEY).metadata, ownerReferences: [owner('uid-a')] }
  expect(written).toEqual([{ ...secret(KEY), data: { of: 'alpha' }, metadata }])
})

test('a Secret of another object is left to that one', async () => {
  const of = 'f'.repeat(32)
  await expect(bring(secret(of, owner('uid-b', 'b')))).rejects.toThrow('secrets/s belongs to Thing b')
})
