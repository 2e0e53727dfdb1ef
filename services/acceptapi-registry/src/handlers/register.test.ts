import { type AcceptAPIMessage, type KeyView, type KubeObject, offerKey } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { RegistryContext } from '../context.ts'
import { register } from './register.ts'

const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
const offer: KubeObject = {
  apiVersion: 'broker.platform-mesh.io/v1alpha1',
  kind: 'AcceptAPI',
  metadata: { name: 'small', uid: 'u', resourceVersion: '5', generation: 1 },
  spec: { gvr },
}
const withdrawn: AcceptAPIMessage = { provider: 'alpha', name: 'small', object: null }

/** What one look makes of the last word on an offer: what the bucket is told, and what is known then. */
async function look({ message = withdrawn, isGone = false, there = true, obstacle = {}, isKept = true }) {
  const bucket: unknown[] = []
  const known: unknown[] = []
  const client = {
    get: async () => {
      if (!there) throw new KubeError(404, { reason: 'NotFound' })
      return offer
    },
    mergePatch: async () => offer,
  }
  const context = {
    clusters: {
      kinds: { all: [{ group: gvr.group, version: gvr.version, kind: 'Thing', resource: gvr.resource }] },
      providers: {
        isGone: () => isGone,
        client: () => client,
        obstacle: async () => ('reason' in obstacle ? obstacle : undefined),
      },
    },
    bucket: {
      put: async (_key: string, { object }: { object: unknown }) => void bucket.push(object),
      delete: async () => void bucket.push('withdrawn'),
    },
    kept: new Map(isKept ? [[offerKey('alpha', 'small'), { provider: 'alpha', name: 'small', object: null }]] : []),
    ...{ put: new Map(), losses: () => 0, conditionType: 'Ready' },
    ...{ logger: { info: () => undefined }, now: () => new Date(0) },
  } as unknown as RegistryContext
  const view = {
    get: () => message,
    learnedFor: () => undefined,
    learn: (_part: string, _qualifier: undefined, learned: AcceptAPIMessage) => void known.push(learned.object),
  } as unknown as KeyView
  await register(context, { key: 'k', view, attempt: 1 })
  return { bucket, known }
}

test('an offer that was withdrawn with its provider counts again once the provider is there, though nobody says so', async () => {
  expect(await look({})).toEqual({ bucket: [offer], known: [offer] })
})

test.each([
  { what: 'whose provider is gone', isGone: true },
  {
    what: 'whose provider is gone, which no message told yet,',
    isGone: true,
    message: { ...withdrawn, object: offer },
  },
  { what: 'that its provider does not have', there: false },
  { what: 'that was seen to go', message: { ...withdrawn, goneUID: 'u' } },
])('an offer $what counts no more', async ({ what: _, ...around }) => {
  expect(await look(around)).toEqual({ bucket: ['withdrawn'], known: [] })
})

test.each([
  { what: 'of an offer that is still being verified nothing is said where nothing was', isKept: false, bucket: [] },
  { what: 'one that was said to be none before is still none', isKept: true, bucket: [null] },
])('$what', async ({ isKept, bucket }) => {
  const message = { ...withdrawn, object: offer }
  const obstacle = { reason: 'VerifyingBinding', message: 'is being bound for a trial', pending: true }
  expect((await look({ message, obstacle, isKept })).bucket).toEqual(bucket)
})
