import { EventEmitter, once } from 'node:events'
import type { Bucket, BucketEntry, OfferEntry } from '@resource-broker/bus'
import type { Logger } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { Offers } from './offers.ts'

/** A bucket that holds these entries, and changes no more. */
function bucketOf(entries: BucketEntry<OfferEntry>[]): Bucket<OfferEntry> {
  const bucket = {
    async *watch(signal: AbortSignal) {
      yield* entries
      yield 'ready'
      await once(signal, 'abort')
    },
  }
  return bucket as unknown as Bucket<OfferEntry>
}

const acceptAPI = (name: string, spec: Record<string, unknown>) => ({
  apiVersion: 'broker.platform-mesh.io/v1alpha1',
  kind: 'AcceptAPI',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', generation: 1 },
  spec,
})

test('an offer that a newer version put into the bucket is told of, and keeps neither the others nor the start from being ready', async () => {
  const gvr = { group: 'example.org', version: 'v1', resource: 'things' }
  const logged = new EventEmitter()
  const errors: unknown[] = []
  logged.on('error', (fields) => errors.push(fields))
  const logger = { error: (fields: unknown) => logged.emit('error', fields) } as unknown as Logger
  const entries = [
    { key: 'p.newer', value: { provider: 'p', name: 'newer', object: acceptAPI('newer', { gvr: 'things.v2' }) } },
    { key: 'p.known', value: { provider: 'p', name: 'known', object: acceptAPI('known', { gvr }) } },
  ]
  const offers = new Offers(bucketOf(entries), logger, () => undefined)
  const stop = new AbortController()
  await offers.start(stop.signal)
  expect(errors).toMatchObject([{ provider: 'p', acceptAPI: 'newer' }])
  expect(offers.isKnown({ providerCluster: 'p', name: 'known' })).toBe(true)
  stop.abort()
})
