import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { consume, has, keyOf, names, openBus, publishAll, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import type { Bus } from './bus.ts'
import { DONE } from './consumer-options.ts'
import { TerminalError } from './errors.ts'

const dir = scratchDirectory()
const buses: Bus[] = []
let nats: Nats
let raw: NatsConnection

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats') })
  raw = await connect({ servers: [nats.url], maxReconnectAttempts: -1, reconnectTimeWait: 100 })
})

afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()))
})

afterAll(async () => {
  await raw.close()
  await nats.stop()
})

async function bus(prefix: string): Promise<Bus> {
  const opened = await openBus(nats.url, prefix)
  buses.push(opened)
  return opened
}

test('a failing key is tried again with growing waits and does not hold the others up', async () => {
  const one = await bus('failing')
  const times: number[] = []
  const attempts: number[] = []
  const others: string[] = []
  const { of } = await consume(one, {
    reconcile: async ({ key, attempt }) => {
      if (key !== keyOf('bad')) {
        others.push(key)
        return DONE
      }
      times.push(performance.now())
      attempts.push(attempt)
      if (times.length < 5) throw new Error('not yet')
      return DONE
    },
  })
  await waitFor('both partitions are taken over', () => of('took over').length === 2)
  await publishAll(one, ['bad', ...names(10)])
  await waitFor('the others are done', () => has(others, names(10)))
  await waitFor('it succeeds', () => times.length === 5)
  const waits = of('failed')
    .filter(({ key }) => key === keyOf('bad'))
    .map(({ retryInMs }) => retryInMs)
  expect(waits).toEqual([100, 200, 400, 800])
  expect(times[4]! - times[3]!).toBeGreaterThan(700)
  expect(attempts).toEqual([1, 2, 3, 4, 5])
})

test('a key without a message is tried again with growing waits too', async () => {
  const one = await bus('failing-alone')
  const first = await consume(one)
  await publishAll(one, ['bad'])
  await waitFor('done', () => has(first.done, ['bad']))
  let fail = false
  const tried: number[] = []
  const second = await consume(one, {
    service: 'other',
    reconcile: async () => {
      if (!fail) return DONE
      tried.push(performance.now())
      throw new Error('broken')
    },
  })
  await waitFor('taken over', () => second.of('reconciled').length > 0)
  fail = true
  second.consumer.reconcileAll()
  await waitFor('five attempts', () => tried.length >= 5)
  expect(
    second
      .of('failed')
      .map(({ retryInMs }) => retryInMs)
      .slice(0, 4),
  ).toEqual([100, 200, 400, 800])
})

test('a key that asks to be looked at later is, and its attempts are counted', async () => {
  const one = await bus('later')
  const attempts: number[] = []
  const { of } = await consume(one, {
    reconcile: async ({ attempt }) => {
      attempts.push(attempt)
      return attempts.length < 3 ? { requeueAfterMs: 200, reason: 'not there yet' } : DONE
    },
  })
  await waitFor('both partitions are taken over', () => of('took over').length === 2)
  await publishAll(one, ['a'])
  await waitFor('three looks', () => attempts.length === 3)
  expect(attempts).toEqual([1, 2, 3])
  expect(of('requeued').map(({ reason }) => reason)).toEqual(['not there yet', 'not there yet'])
})

test('invalid JSON and what no retry can mend are parked once, listed with their reason, and stop nothing', async () => {
  const one = await bus('poison')
  const { done, of } = await consume(one, {
    reconcile: async ({ key, view }) => {
      if (key === keyOf('hopeless')) throw new TerminalError('it is hopeless')
      view.get('source')
      done.push(key)
      return DONE
    },
  })
  await jetstream(raw).publish(one.layout.subject('source', keyOf('broken')), '{"ref":')
  await publishAll(one, ['hopeless', 'good'])
  await waitFor('the good one is done', () => has(done, ['good']))
  const parked = await waitFor('both are parked', async () => {
    const list = await one.parked()
    return list.length === 2 && list
  })
  expect(Object.fromEntries(parked.map(({ key, reason }) => [key, reason]))).toEqual({
    [keyOf('hopeless')]: 'it is hopeless',
    [keyOf('broken')]: expect.stringContaining('the message of part source is not valid'),
  })
  expect(parked[0]).toMatchObject({ service: 'svc', parkedAt: expect.stringMatching(/^2\d+-/) })
  expect(of('failed')).toEqual([])
  await one.publish(source('broken', '2'))
  await waitFor('a change of the key is tried anew', () => has(done, ['broken']))
})

test('the owner of each partition is told of a nudge, after which it can look at its keys', async () => {
  const one = await bus('nudge')
  const partitions: number[] = []
  const { done } = await consume(one, {
    parts: ['source', 'offers'],
    reconcilePartition: async ({ partition, keys, view, reconcile }) => {
      partitions.push(partition)
      for (const key of keys()) if (view(key).get('source') !== undefined) reconcile(key)
    },
  })
  await publishAll(one, names(10))
  await waitFor('done', () => has(done, names(10)))
  done.length = 0
  await one.nudgePartitions('offers', { by: 'test' })
  await waitFor('every key was looked at again', () => has(done, names(10)))
  expect([...new Set(partitions)].sort()).toEqual([0, 1])
})

test('parts that are loaded but not consumed are in the view, and call for no look', async () => {
  const one = await bus('load')
  await publishAll(one, ['a'])
  await one.publish({
    part: 'decision',
    key: keyOf('a'),
    message: { uid: 'u', generation: 1, sourceVersion: '1', provider: 'p' },
  })
  const providers: unknown[] = []
  await consume(one, {
    alsoLoad: ['decision'],
    reconcile: async ({ view }) => {
      providers.push(view.get('decision')?.provider)
      return DONE
    },
  })
  await waitFor('a look', () => providers.length > 0)
  expect(providers[0]).toBe('p')
})
