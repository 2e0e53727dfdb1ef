import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { ManagedProcess, type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { collect, keyOf, openBus, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import type { Bus } from './bus.ts'
import { DONE, type PartitionConsumerOptions } from './consumer-options.ts'
import { TerminalError } from './errors.ts'
import type { PartitionConsumer } from './partition-consumer.ts'

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

/** A consumer of `source`, and the keys that it finished with, in order. */
async function consume(on: Bus, options: Partial<PartitionConsumerOptions> = {}) {
  const done: string[] = []
  const reports = collect()
  const consumer: PartitionConsumer = await on.consume({
    service: 'svc',
    parts: ['source'],
    concurrency: 16,
    report: reports.report,
    reconcile: async (key) => {
      done.push(key)
      return DONE
    },
    ...options,
  })
  return { consumer, done, ...reports }
}

const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const publishAll = (on: Bus, all: string[], version = '1') =>
  Promise.all(all.map((name) => on.publish(source(name, version))))
const has = (keys: string[], all: string[]) => all.every((name) => keys.includes(keyOf(name)))

test('two replicas share the partitions, and each key is worked on by one at a time', async () => {
  const [one, two] = [await bus('share'), await bus('share')]
  const running = new Set<string>()
  const clashes: string[] = []
  const seen = new Map<string, string>()
  const reconcile: PartitionConsumerOptions['reconcile'] = async (key, view) => {
    if (running.has(key)) clashes.push(key)
    running.add(key)
    await new Promise((resolve) => setImmediate(resolve))
    seen.set(key, view.get('source')?.object?.metadata.resourceVersion ?? '')
    running.delete(key)
    return DONE
  }
  await consume(one, { reconcile })
  await consume(two, { reconcile })
  const all = names(100)
  for (let version = 1; version <= 10; version++) await publishAll(one, all, String(version))
  await waitFor('every key was seen in its last version', () => all.every((name) => seen.get(keyOf(name)) === '10'))
  expect(clashes).toEqual([])
})

test('a replica that stops hands its partitions over within less than the pin’s time-out', async () => {
  const [one, two] = [await bus('graceful'), await bus('graceful')]
  const first = await consume(one)
  await publishAll(one, names(20))
  await waitFor('the first is done', () => has(first.done, names(20)))
  const second = await consume(two)
  const started = performance.now()
  await first.consumer.stop()
  await waitFor('the second looks at every key again', () => has(second.done, names(20)))
  expect(performance.now() - started).toBeLessThan(4_000)
  await publishAll(two, names(20, 'later'))
  await waitFor('the second goes on', () => has(second.done, names(20, 'later')))
})

test('what a stopping replica had not begun goes to the other at once', async () => {
  const [one, two] = [await bus('unbegun'), await bus('unbegun')]
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = await consume(one, {
    concurrency: 1,
    reconcile: async () => {
      await held
      return DONE
    },
  })
  await publishAll(one, names(20))
  await waitFor('the first has them all', () => first.consumer.depth === 20)
  const second = await consume(two)
  const stopping = first.consumer.stop()
  release()
  await stopping
  await waitFor('the second is done', () => has(second.done, names(20)), { timeoutMs: 4_000 })
})

test.each(['hold', 'done'])('a replica that is killed (%s) loses nothing to the other', async (how) => {
  const prefix = `killed-${how}`
  const one = await bus(prefix)
  const child = await ManagedProcess.start({
    name: 'replica',
    command: process.execPath,
    args: [join(import.meta.dirname, '../test/replica.ts'), nats.url, prefix, how],
    logFile: join(dir, `${prefix}.log`),
  })
  const log = () => readFileSync(child.logFile, 'utf8')
  await waitFor('the replica consumes', () => log().includes('ready'))
  await publishAll(one, names(40))
  await waitFor('it has every key', () => has(log().split('\n'), names(40)))
  const second = await consume(one)
  const jsm = await jetstreamManager(raw)
  const open = async () =>
    (await Promise.all([0, 1].map((n) => jsm.consumers.info(prefix, `svc-${n}`)))).map(
      (info) => info.num_pending + (how === 'hold' ? 0 : info.num_ack_pending),
    )
  await waitFor('nothing is left to be delivered', async () => (await open()).every((count) => count === 0))
  await child.kill('SIGKILL')
  await waitFor('the other looks at every key, also at those that were done', () => has(second.done, names(40)))
})

test('a service that starts looks at every key, also where every message was acknowledged', async () => {
  const one = await bus('again')
  const first = await consume(one)
  await publishAll(one, names(10))
  await waitFor('done', () => has(first.done, names(10)))
  await first.consumer.stop()
  const second = await consume(one)
  await waitFor('everything is looked at', () => has(second.done, names(10)))
})

test('a failing key is tried again with growing waits and does not hold the others up', async () => {
  const one = await bus('failing')
  const times: number[] = []
  const attempts: number[] = []
  const others: string[] = []
  const { of } = await consume(one, {
    reconcile: async (key, _view, attempt) => {
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
    reconcile: async (_key, _view, attempt) => {
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

test('a run that takes longer than the acknowledgement may is not repeated', async () => {
  const one = await bus('slow')
  let runs = 0
  const { of } = await consume(one, {
    reconcile: async () => {
      runs++
      await new Promise((resolve) => setTimeout(resolve, 8_000))
      return DONE
    },
  })
  await waitFor('both partitions are taken over', () => of('took over').length === 2)
  await publishAll(one, ['a'])
  await waitFor('it is done', () => of('reconciled').length > 0)
  const info = await (await jetstreamManager(raw)).consumers.info('slow', `svc-${one.layout.partitionOf(keyOf('a'))}`)
  expect({ runs, redelivered: info.num_redelivered }).toEqual({ runs: 1, redelivered: 0 })
})

test('invalid JSON and what no retry can mend are parked once, listed with their reason, and stop nothing', async () => {
  const one = await bus('poison')
  const { done, of } = await consume(one, {
    reconcile: async (key, view) => {
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
    reconcile: async (_key, view) => {
      providers.push(view.get('decision')?.provider)
      return DONE
    },
  })
  await waitFor('a look', () => providers.length > 0)
  expect(providers[0]).toBe('p')
})

test('the stream is deleted under running consumers: listeners hear of it, and what is published again is handled', async () => {
  const one = await bus('lost')
  const { done, of } = await consume(one)
  await publishAll(one, names(10))
  await waitFor('done', () => has(done, names(10)))
  let lost = 0
  one.onLost(() => {
    lost++
    void publishAll(one, names(10, 'new'))
  })
  await (await jetstreamManager(raw)).streams.delete('lost')
  await waitFor('the new ones are done', () => has(done, names(10, 'new')))
  expect(lost).toBe(1)
  expect(of('restarting').length).toBeGreaterThan(0)
})

test('consumers that are deleted are made again and see everything', async () => {
  const one = await bus('deleted')
  const { done } = await consume(one)
  await publishAll(one, names(10))
  await waitFor('done', () => has(done, names(10)))
  done.length = 0
  const jsm = await jetstreamManager(raw)
  for (const partition of [0, 1]) await jsm.consumers.delete('deleted', `svc-${partition}`)
  await waitFor('everything is looked at', () => has(done, names(10)))
  await publishAll(one, names(10, 'later'))
  await waitFor('new ones too', () => has(done, names(10, 'later')))
})

test.each(['with', 'without'])('nats-server is restarted %s its data', async (data) => {
  const own = await startNats({ dir: join(dir, `restarted-${data}`) })
  const one = await openBus(own.url, 'restarted')
  let lost = 0
  one.onLost(() => {
    lost++
  })
  const { done } = await consume(one)
  await publishAll(one, names(10))
  await waitFor('done', () => has(done, names(10)))
  done.length = 0
  await own.process.kill('SIGKILL')
  if (data === 'without')
    (await import('node:fs')).rmSync(join(dir, `restarted-${data}`, 'jetstream'), { recursive: true })
  await own.process.start()
  if (data === 'with') await waitFor('everything is looked at', () => has(done, names(10)))
  else await waitFor('the loss is noticed', () => lost > 0)
  await publishAll(one, names(10, 'later'))
  await waitFor('new ones are done', () => has(done, names(10, 'later')))
  expect(lost).toBe(data === 'with' ? 0 : 1)
  await one.close()
  await own.stop()
})

test('a replica that was frozen finds its partitions taken over and lets go of them', async () => {
  const prefix = 'frozen'
  const one = await bus(prefix)
  const child = await ManagedProcess.start({
    name: 'replica',
    command: process.execPath,
    args: [join(import.meta.dirname, '../test/replica.ts'), nats.url, prefix],
    logFile: join(dir, 'frozen.log'),
  })
  await waitFor('the replica consumes', () => readFileSync(child.logFile, 'utf8').includes('ready'))
  await publishAll(one, names(10))
  await waitFor('it is done', () => has(readFileSync(child.logFile, 'utf8').split('\n'), names(10)))
  child.pause()
  const second = await consume(one)
  await waitFor('the other takes over', () => has(second.done, names(10)))
  child.resume()
  await publishAll(one, names(10), '2')
  await waitFor('all are handled in their new version', () => second.done.length >= 20)
  await child.stop()
})
