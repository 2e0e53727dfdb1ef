import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { scratchDirectory } from '../test/scratch.ts'
import { Bucket, type BucketSurroundings } from './bucket.ts'
import { Copies } from './copies.ts'
import { impatient } from './patience.ts'

const dir = scratchDirectory()
const schema = z.object({ n: z.number() })
let nats: Nats
let raw: NatsConnection
let around: BucketSurroundings

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats') })
  raw = await connect({ servers: [nats.url], maxReconnectAttempts: -1, reconnectTimeWait: 100 })
  around = { connection: raw, copies: new Copies(await jetstreamManager(raw), raw), patience: impatient }
})

afterAll(async () => {
  await raw.close()
  await nats.stop()
})

/** Everything that a watch yields; `ended` once it has. */
function follow(bucket: Bucket<{ n: number }>) {
  const stopping = new AbortController()
  const followed = { seen: [] as string[], ended: false, stop: () => stopping.abort() }
  void (async () => {
    for await (const entry of bucket.watch(stopping.signal)) {
      followed.seen.push(entry === 'ready' ? 'ready' : `${entry.key}=${entry.value?.n}`)
    }
    followed.ended = true
  })()
  return followed
}

test('an empty bucket is ready at once, and tells of each change', async () => {
  const bucket = await Bucket.open(around, 'empty', schema)
  const followed = follow(bucket)
  await waitFor('ready', () => followed.seen.length === 1)
  await bucket.put('a.b', { n: 1 })
  await bucket.put('a.b', { n: 2 })
  await bucket.delete('a.b')
  await waitFor('all changes', () => followed.seen.length === 4)
  expect(followed.seen).toEqual(['ready', 'a.b=1', 'a.b=2', 'a.b=undefined'])
  followed.stop()
  await waitFor('the watch ends', () => followed.ended)
})

test('a bucket with entries, one of them deleted, is ready after the last', async () => {
  const bucket = await Bucket.open(around, 'full', schema)
  for (const key of ['a', 'b', 'c']) await bucket.put(key, { n: 1 })
  await bucket.delete('c')
  const followed = follow(bucket)
  await waitFor('ready', () => followed.seen.includes('ready'))
  expect(followed.seen.slice(-1)).toEqual(['ready'])
  expect(followed.seen).toEqual(expect.arrayContaining(['a=1', 'b=1']))
  followed.stop()
})

test('an entry that does not fit is yielded without its value', async () => {
  const bucket = await Bucket.open(around, 'unfit', z.looseObject({}) as unknown as z.ZodType<{ n: number }>)
  await bucket.put('a', 'text' as never)
  const followed = follow(bucket)
  await waitFor('ready', () => followed.seen.includes('ready'))
  expect(followed.seen).toEqual(['a=undefined', 'ready'])
  followed.stop()
})

test('a bucket that is deleted ends its watches, tells its listeners, and is made again', async () => {
  const bucket = await Bucket.open(around, 'lost', schema)
  await bucket.put('a', { n: 1 })
  let lost = 0
  bucket.onLost(() => {
    lost++
  })
  const followed = follow(bucket)
  await waitFor('ready', () => followed.seen.includes('ready'))
  await (await jetstreamManager(raw)).streams.delete('KV_lost')
  await waitFor('the watch ends', () => followed.ended)
  expect(lost).toBe(1)
  await bucket.put('b', { n: 2 })
  const again = follow(bucket)
  await waitFor('ready again', () => again.seen.includes('ready'))
  expect(again.seen).toEqual(['b=2', 'ready'])
  again.stop()
})

test('a write into a bucket that went without a word succeeds', async () => {
  const quiet = await connect({ servers: [nats.url] })
  const bucket = await Bucket.open({ ...around, connection: quiet }, 'silent', schema)
  const jsm = await jetstreamManager(raw)
  await jsm.streams.delete('KV_silent')
  await bucket.put('a', { n: 3 })
  expect((await jsm.streams.info('KV_silent')).state.messages).toBe(1)
  await quiet.close()
})

test('a restart of the server counts as a loss, after which the watch shows everything', async () => {
  const bucket = await Bucket.open(around, 'restart', schema)
  await bucket.put('a', { n: 1 })
  const followed = follow(bucket)
  await waitFor('ready', () => followed.seen.includes('ready'))
  await nats.restart()
  await waitFor('the watch ends', () => followed.ended)
  const again = follow(bucket)
  await waitFor('ready again', () => again.seen.includes('ready'))
  expect(again.seen).toEqual(['a=1', 'ready'])
  again.stop()
})
