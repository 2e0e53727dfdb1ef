import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyOf, openBus, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import { Bus } from './bus.ts'
import { OvertakenError } from './errors.ts'
import type { KubeObject } from './messages.ts'
import { KeyView } from './partition-view.ts'
import type { PublishEvent } from './publish-trouble.ts'

const dir = scratchDirectory()
let nats: Nats
let raw: NatsConnection

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats') })
  raw = await connect({ servers: [nats.url], maxReconnectAttempts: -1, reconnectTimeWait: 100 })
})

afterAll(async () => {
  await raw.close()
  await nats.stop()
})

/** Sequence and version of the last message on a subject, and how many messages the stream ever took. */
async function stored(bus: Bus, name: string): Promise<{ seq: number; version: string; taken: number }> {
  const jsm = await jetstreamManager(raw)
  const message = await jsm.streams.getMessage(bus.layout.stream, {
    last_by_subj: bus.layout.subject('source', keyOf(name)),
  })
  const { state, config } = await jsm.streams.info(bus.layout.stream)
  const taken = state.last_seq - config.first_seq + 1
  return { seq: message?.seq ?? 0, version: message?.header.get('Broker-Version') ?? '', taken }
}

test('on one subject the last call wins, and what was overtaken before it was sent is skipped', async () => {
  const bus = await openBus(nats.url, 'order')
  await Promise.all(Array.from({ length: 50 }, (_, n) => bus.publish(source('a', String(n + 1)))))
  expect(await stored(bus, 'a')).toMatchObject({ version: '50', taken: 2 })
  await bus.close()
})

test('what is told late is not said in the place of what waits and is newer', async () => {
  const bus = await openBus(nats.url, 'late')
  const said = ['1', '3', '2'].map((version) => bus.publish({ ...source('a', version), ifNews: true }))
  await Promise.all(said)
  expect(await stored(bus, 'a')).toMatchObject({ version: '3', taken: 2 })
  await bus.close()
})

test('the server drops a second publication of one version, by whomever', async () => {
  const one = await openBus(nats.url, 'same')
  const two = await openBus(nats.url, 'same')
  await one.publish(source('a', '7'))
  await two.publish(source('a', '7'))
  expect(await stored(one, 'a')).toMatchObject({ taken: 1, version: '7' })
  await two.publish(source('a', '8'))
  expect(await stored(one, 'a')).toMatchObject({ taken: 2, version: '8' })
  await Promise.all([one.close(), two.close()])
})

test('one bus does not send twice what it has stored, unless the stream was lost since', async () => {
  const bus = await openBus(nats.url, 'echo')
  let sent = 0
  raw.subscribe(bus.layout.subjects, { callback: () => void sent++ })
  await raw.flush()
  await Promise.all([bus.publish(source('a', '7')), bus.publish(source('a', '7'))])
  await bus.publish(source('a', '7'))
  await raw.flush()
  expect(sent).toBe(1)
  await bus.publish(source('a', '8'))
  await raw.flush()
  expect(sent).toBe(2)
  const again = new Promise<number>((resolve) => bus.onLost(() => resolve(bus.publish(source('a', '8')))))
  await (await jetstreamManager(raw)).streams.delete(bus.layout.stream)
  await again
  expect(await stored(bus, 'a')).toMatchObject({ version: '8', taken: 1 })
  await bus.close()
})

test('a publisher that lags behind another does not leave an older version in the stream', async () => {
  const writer = await openBus(nats.url, 'lag')
  const watcher = await openBus(nats.url, 'lag')
  await writer.publish(source('a', '10'))
  await watcher.publish(source('a', '9'))
  expect((await stored(writer, 'a')).version).toBe('9')
  await watcher.publish(source('a', '10'))
  expect((await stored(writer, 'a')).version).toBe('10')
  await Promise.all([writer.close(), watcher.close()])
})

test('what is too large for the server is refused and holds nothing up', async () => {
  const bus = await openBus(nats.url, 'large')
  const large = source('a', '1')
  large.message.object = { ...large.message.object!, data: 'x'.repeat(8 * 1024 * 1024) }
  await expect(bus.publish(large)).rejects.toMatchObject({ code: 'Terminal', limit: 8 * 1024 * 1024 })
  await bus.publish(source('a', '2'))
  expect((await stored(bus, 'a')).version).toBe('2')
  await bus.close()
})

test('what counts on a message that is not the last any more is refused, and its author reads what is', async () => {
  const former = await openBus(nats.url, 'after')
  const owner = await openBus(nats.url, 'after')
  const decision = (generation: number) => ({
    ...{ part: 'decision' as const, key: keyOf('a') },
    message: { uid: 'u', generation, sourceVersion: '1', provider: 'alpha' },
  })
  const first = await former.publish({ ...decision(1), after: 0 })
  await owner.publish({ ...decision(2), after: first })
  await expect(former.publish({ ...decision(1), after: first })).rejects.toThrow(OvertakenError)
  const view = new KeyView()
  await former.refresh(view, 'decision', keyOf('a'))
  expect(view.get('decision')?.generation).toBe(2)
  await former.publish({ ...decision(3), after: view.sequence('decision') })
  expect(former.publishTrouble).toBeUndefined()
  await Promise.all([former.close(), owner.close()])
})

test('what is no news beside what others said is not stored, and what is news comes after it', async () => {
  const former = await openBus(nats.url, 'news')
  const owner = await openBus(nats.url, 'news')
  const seen = (version: string) => ({ ...source('a', version), ifNews: true })
  const gone = { ...source('a'), version: 'a-gone', tombstone: true, ifNews: true }
  const first = await former.publish(seen('5'))
  const second = await owner.publish({ ...seen('6'), after: first })
  expect(await former.publish({ ...seen('7'), after: first })).toBeGreaterThan(second)
  const last = await owner.publish({
    ...gone,
    after: second,
    message: { ...gone.message, object: null, goneUID: 'uid-a', goneVersion: '6' },
  })
  expect(await former.publish(seen('8'))).toBe(0)
  expect(await owner.publish(seen('8'))).toBe(0)
  expect((await stored(owner, 'a')).seq).toBe(last)
  await Promise.all([former.close(), owner.close()])
})

test('who is behind stores nothing over what is newer, however often it speaks', async () => {
  const former = await openBus(nats.url, 'behind')
  const owner = await openBus(nats.url, 'behind')
  const seen = (version: string) => ({ ...source('a', version), ifNews: true })
  const first = await former.publish(seen('5'))
  const last = await owner.publish({ ...seen('9'), after: first })
  const heard = await former.publish({ ...seen('6'), after: first })
  expect(await former.publish({ ...seen('7'), after: heard })).toBe(first)
  expect((await stored(owner, 'a')).version).toBe('9')
  expect(await former.publish({ ...seen('9'), after: heard })).toBe(last)
  expect(await former.publish({ ...seen('10'), after: last })).toBeGreaterThan(last)
  expect(await former.publish({ ...seen('8'), after: first })).toBe(first)
  expect((await stored(owner, 'a')).version).toBe('10')
  await Promise.all([former.close(), owner.close()])
})

test('who says that an object is gone learns that a later one is told of, which it may know nothing of', async () => {
  const former = await openBus(nats.url, 'remade')
  const owner = await openBus(nats.url, 'remade')
  const first = await former.publish({ ...source('a', '5'), ifNews: true })
  const later = source('a', '9')
  later.message.object = { ...later.message.object!, metadata: { ...later.message.object!.metadata, uid: 'uid-later' } }
  const last = await owner.publish({ ...later, ifNews: true, after: first })
  const message = { ...later.message, object: null, goneUID: 'uid-a', goneVersion: '5' }
  const gone = { ...source('a'), version: 'a-gone', tombstone: true, ifNews: true, after: first, message }
  await expect(former.publish(gone)).rejects.toMatchObject({ code: 'Overtaken', sequence: last })
  await Promise.all([former.close(), owner.close()])
})

test('what one said itself it says again where another has taken it back since', async () => {
  const one = await openBus(nats.url, 'back')
  const other = await openBus(nats.url, 'back')
  const seen = (epoch: string) => ({ ...source('a', '5'), epoch, ifNews: true })
  const first = await one.publish(seen('first'))
  const message = { ...source('a').message, object: null, goneVersion: '4' }
  const taken = await other.publish({ ...source('a'), version: 'a-taken', after: first, message })
  expect(await one.publish(seen('second'))).toBeGreaterThan(taken)
  await Promise.all([one.close(), other.close()])
})

test('who counts on what the stream has lost is told so, as what others have said since may be lost too, and begins anew', async () => {
  const bus = await openBus(nats.url, 'purged')
  const seen = (version: string) => ({ ...source('a', version), ifNews: true })
  const first = await bus.publish(seen('5'))
  await (await jetstreamManager(raw)).streams.purge(bus.layout.stream)
  await expect(bus.publish({ ...seen('6'), after: first })).rejects.toMatchObject({
    code: 'Overtaken',
    sequence: undefined,
  })
  expect(await bus.publish({ ...seen('7'), after: 0 })).toBeGreaterThan(first)
  await bus.close()
})

test('where neither can be told to be the newer, who publishes is told what to count on', async () => {
  const bus = await openBus(nats.url, 'doubt')
  const related = (name: string) => ({
    ...{ part: 'copy-related' as const, key: keyOf('a'), qualifier: 'alpha', ifNews: true },
    message: { related: [{ kind: 'Secret', namespace: 'default', name }] },
  })
  const other = await openBus(nats.url, 'doubt')
  const sequence = await other.publish(related('x'))
  await expect(bus.publish(related('y'))).rejects.toMatchObject({ code: 'Overtaken', sequence })
  expect(await bus.publish({ ...related('y'), after: sequence })).toBeGreaterThan(sequence)
  await Promise.all([bus.close(), other.close()])
})

test('a stream that was made anew begins beyond all that the one before had', async () => {
  const bus = await openBus(nats.url, 'anew')
  const before = await bus.publish(source('a', '1'))
  const again = new Promise<number>((resolve) => bus.onLost(() => resolve(bus.publish(source('a', '2')))))
  await (await jetstreamManager(raw)).streams.delete(bus.layout.stream)
  expect(await again).toBeGreaterThan(before)
  await bus.close()
})

test('integers of 64 bits are in the stream as they were written', async () => {
  const bus = await openBus(nats.url, 'integers')
  const publication = source('a')
  const object = { ...publication.message.object, spec: { v: 9007199254740993n } } as KubeObject
  await bus.publish({ ...publication, message: { ...publication.message, object } })
  const jsm = await jetstreamManager(raw)
  const subject = bus.layout.subject('source', keyOf('a'))
  const message = await jsm.streams.getMessage(bus.layout.stream, { last_by_subj: subject })
  expect(message?.string()).toContain('"spec":{"v":9007199254740993}')
  await bus.close()
})

test('a store that is full is told of in the server’s words, once, and so is that it takes messages again', async () => {
  const small = await startNats({ dir: join(dir, 'full'), config: 'jetstream { max_file_store: 200KB }' })
  const events: PublishEvent[] = []
  const bus = await Bus.open({
    connection: { servers: [small.url], name: 'test' },
    ...{ prefix: 'full', partitions: 1, report: (event: PublishEvent) => void events.push(event) },
  })
  const heavy = (name: string) => {
    const publication = source(name)
    return {
      ...publication,
      message: { ...publication.message, object: { ...publication.message.object!, data: 'x'.repeat(60_000) } },
    }
  }
  const all = Array.from({ length: 10 }, (_, n) => bus.publish(heavy(`n${n}`)))
  await waitFor('the store is full', () => bus.publishTrouble !== undefined)
  expect(events[0]).toMatchObject({ type: 'failed', isFirst: true })
  expect(bus.publishTrouble).toMatch(/resources|storage|store/)
  const { process: server } = small
  await server.stop()
  await writeFile(
    join(dir, 'full', 'nats.conf'),
    (await readFile(join(dir, 'full', 'nats.conf'), 'utf8')).replace('200KB', '20MB'),
  )
  await server.start()
  await Promise.all(all)
  await waitFor('it is over', () => bus.publishTrouble === undefined)
  expect(events.filter((event) => event.type === 'recovered').length).toBeGreaterThan(0)
  await bus.close()
  await small.stop()
})

test('what is stored in a stream that several made anew at the same time is there after a restart of the server', async () => {
  const together = await Promise.all(Array.from({ length: 5 }, () => openBus(nats.url, 'together')))
  const [first] = together as [Bus]
  const lost = Promise.all(together.map((bus) => new Promise<void>((resolve) => bus.onLost(resolve))))
  await (await jetstreamManager(raw)).streams.delete(first.layout.stream)
  await lost
  await first.publish(source('a', '7'))
  await nats.process.stop()
  await nats.process.start()
  await first.publish(source('b', '1'))
  expect(await stored(first, 'a')).toMatchObject({ version: '7' })
  await Promise.all(together.map((bus) => bus.close()))
})

test('what is published while the server is away is stored when it is back, in order', async () => {
  const bus = await openBus(nats.url, 'away')
  await bus.publish(source('a', '1'))
  await nats.process.stop()
  let first = false
  const publications = [
    bus.publish(source('a', '2')).then(() => {
      first = true
    }),
    bus.publish(source('a', '3')),
    bus.publish(source('b', '1')),
  ]
  await waitFor('the bus notices', () => !bus.isConnected)
  expect(first).toBe(false)
  await nats.process.start()
  await Promise.all(publications)
  await waitFor(
    'the test’s own connection is back',
    () =>
      !raw.isClosed() &&
      stored(bus, 'a').then(
        () => true,
        () => false,
      ),
  )
  expect(bus.isConnected).toBe(true)
  expect((await stored(bus, 'a')).version).toBe('3')
  expect((await stored(bus, 'b')).version).toBe('1')
  await bus.close()
})

test('closing a bus whose server is away ends soon, and what was not stored rejects', async () => {
  const bus = await openBus(nats.url, 'closing')
  await nats.process.stop()
  await waitFor('the bus notices', () => !bus.isConnected)
  const publication = bus.publish(source('a', '1')).then(
    () => 'stored',
    () => 'rejected',
  )
  await Promise.race([bus.close(), delay(5_000).then(() => Promise.reject(new Error('close took too long')))])
  expect(await publication).toBe('rejected')
  await nats.process.start()
})
