import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { ManagedProcess, type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { consume, has, keyOf, names, openBus, publishAll, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import type { Bus } from './bus.ts'
import { DONE, type PartitionConsumerOptions } from './consumer-options.ts'
import { PIN_TIMEOUT_MS } from './ownership/ownership.ts'

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

test('two replicas share the partitions, and each key is worked on by one at a time', async () => {
  const [one, two] = [await bus('share'), await bus('share')]
  const running = new Set<string>()
  const clashes: string[] = []
  const seen = new Map<string, string>()
  const reconcile: PartitionConsumerOptions['reconcile'] = async ({ key, view }) => {
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

test('a replica that comes later is left its share, and no key is worked on by both meanwhile', async () => {
  const [one, two] = [await bus('joins'), await bus('joins')]
  const running = new Set<string>()
  const clashes: string[] = []
  const by = { one: new Set<string>(), two: new Set<string>() }
  const reconcile = (who: 'one' | 'two'): PartitionConsumerOptions['reconcile'] => {
    return async ({ key }) => {
      if (running.has(key)) clashes.push(key)
      running.add(key)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running.delete(key)
      by[who].add(key)
      return DONE
    }
  }
  await consume(one, { reconcile: reconcile('one') })
  const all = names(60)
  await publishAll(one, all)
  await waitFor('the first has all', () => by.one.size === all.length)
  await consume(two, { reconcile: reconcile('two') })
  let version = 1
  await waitFor('both have some of the same round', async () => {
    for (const who of Object.values(by)) who.clear()
    await publishAll(one, all, String(++version))
    await waitFor('the round is done', () => new Set([...by.one, ...by.two]).size === all.length)
    return by.one.size > 0 && by.two.size > 0
  })
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
  expect(performance.now() - started).toBeLessThan(PIN_TIMEOUT_MS)
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
  const consumers = () => Promise.all([0, 1].map((n) => jsm.consumers.info(prefix, `svc-${n}`)))
  await waitFor('nothing is left to be delivered', async () =>
    (await consumers()).every(({ num_pending }) => num_pending === 0),
  )
  await child.kill('SIGKILL')
  await waitFor('the other looks at every key, also at those that were done', () => has(second.done, names(40)))
})

test('a service that starts looks at every key, also where everything was done', async () => {
  const one = await bus('again')
  const first = await consume(one)
  await publishAll(one, names(10))
  await waitFor('done', () => has(first.done, names(10)))
  await first.consumer.stop()
  const second = await consume(one)
  await waitFor('everything is looked at', () => has(second.done, names(10)))
})

test('services of one process take over more than the server lets a connection leave unread', async () => {
  const [writer, reader] = [await bus('heavy'), await bus('heavy')]
  const all = names(2_000)
  const filler = 'x'.repeat(50_000) // 100 MB; max_pending of nats-server is 64 MiB
  for (const name of all) {
    const heavy = source(name)
    await writer.publish({ ...heavy, message: { ...heavy.message, object: { ...heavy.message.object!, filler } } })
  }
  const services = await Promise.all(['a', 'b', 'c', 'd'].map((service) => consume(reader, { service })))
  await waitFor('each has every key', () => services.every(({ done }) => has(done, all)))
  expect(services.map(({ of }) => of('took over').length)).toEqual([2, 2, 2, 2]) // once for each partition
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

test('consumers of a version before, which cannot become what they should be, are made anew', async () => {
  const one = await bus('earlier')
  await publishAll(one, names(10))
  const jsm = await jetstreamManager(raw)
  const earlier = { ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All }
  for (const partition of [0, 1]) await jsm.consumers.add('earlier', { durable_name: `svc-${partition}`, ...earlier })
  const { done } = await consume(one)
  await publishAll(one, names(10, 'new'))
  await waitFor('old and new are done', () => has(done, [...names(10), ...names(10, 'new')]))
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

test('a run in the middle of which its process was frozen for longer than the pin lasts writes nothing more', async () => {
  const prefix = 'frozen-run'
  const one = await bus(prefix)
  const child = await ManagedProcess.start({
    name: 'replica',
    command: process.execPath,
    args: [join(import.meta.dirname, '../test/replica.ts'), nats.url, prefix, 'write'],
    logFile: join(dir, 'frozen-run.log'),
  })
  const log = () => readFileSync(child.logFile, 'utf8')
  await waitFor('the replica consumes', () => log().includes('ready'))
  await publishAll(one, ['a'])
  await waitFor('it writes', () => log().includes('wrote'))
  child.pause()
  const second = await consume(one)
  await waitFor('the other takes over', () => has(second.done, ['a']))
  const [written, takenOver] = [log(), Date.now()]
  child.resume()
  await waitFor('the run is given up', () => log().includes('given up'))
  const later =
    log()
      .slice(written.length)
      .match(/wrote \d+/g) ?? []
  expect(later.filter((line) => Number(line.slice('wrote '.length)) > takenOver)).toEqual([])
  await child.stop()
})
