import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { freePort, type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consume, has, keyOf, publishAll, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import { Bus, type BusOptions } from './bus.ts'
import type { CopiesEvent } from './copies.ts'
import { BusUnusableError, isUnreachable } from './errors.ts'
import { offerEntry } from './offers.ts'

const dir = scratchDirectory()
let servers: Nats[]

/** A NATS cluster of so many servers, as far as it is up: its servers have yet to agree on a leader. */
async function startServers(count: number, name: string): Promise<Nats[]> {
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`)
  const configOf = (port: number, server: number) =>
    `server_name: ${name}-${server}\ncluster { name: ${name}, listen: "127.0.0.1:${port}", routes: [${routes}] }`
  return await Promise.all(
    ports.map((port, server) => startNats({ dir: join(dir, `${name}-${server}`), config: configOf(port, server) })),
  )
}

/** A bus that begins once the servers have agreed, as a service does; `told` are the reasons that it waited for. */
async function openWhenReached(
  of: Nats[],
  prefix: string,
  { told = [], ...asked }: Partial<BusOptions> & { told?: string[] } = {},
): Promise<Bus> {
  const connection = { servers: of.map(({ url }) => url), name: 'test' }
  const patience = patient(told)
  return await patience('NATS', () => Bus.open({ connection, prefix, partitions: 2, patience, ...asked }))
}

/** Asks until there is an answer, and keeps why there was none. */
function patient(told: string[]) {
  return <T>(waitsFor: string, begin: () => Promise<T>): Promise<T> =>
    waitFor(`${waitsFor} answers`, () =>
      begin().catch((error: Error) => {
        if (!isUnreachable(error)) throw error
        told.push(error.message)
        return undefined
      }),
    ) as Promise<T>
}

/** Those servers of the three that know nothing of the third yet, as after the loss of them all. */
async function startWithoutThird(): Promise<Nats[]> {
  await Promise.all(servers.map(({ process }) => process.kill('SIGKILL')))
  const first = servers.slice(0, 2)
  await Promise.all(first.map(({ process }) => process.start()))
  return first
}

async function replicasOf(of: Nats[], streams: string[]): Promise<number[]> {
  const raw = await connect({ servers: of.map(({ url }) => url) })
  const jsm: JetStreamManager = await jetstreamManager(raw)
  const infos = await Promise.all(streams.map((stream) => jsm.streams.info(stream)))
  await raw.close()
  return infos.map(({ config }) => config.num_replicas)
}

beforeAll(async () => {
  servers = await startServers(3, 'three')
})

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
})

test('in a cluster of three servers what the bus has is there three times, and goes on when one of them is lost', async () => {
  const bus = await openWhenReached(servers, 'trio')
  const bucket = await bus.bucket(bus.layout.offersBucket, offerEntry)
  const { stream, parkedStream, offersBucket } = bus.layout
  expect(await replicasOf(servers, [stream, parkedStream, `KV_${offersBucket}`])).toEqual([3, 3, 3])
  const { consumer, done } = await consume(bus)
  await publishAll(bus, ['a', 'b'])
  await waitFor('both are seen', () => has(done, ['a', 'b']))
  await servers[2]?.process.kill('SIGKILL')
  await publishAll(bus, ['c', 'd'])
  await bucket.put('p.offer', { provider: 'p', name: 'offer', object: null })
  await waitFor('what came later is seen', () => has(done, ['c', 'd']))
  await consumer.stop()
  await servers[2]?.process.start()
  await bus.close()
})

test('what is to have three copies is made once a cluster has the servers for it, and whoever needs it is told until then', async () => {
  await (await openWhenReached(servers, 'there')).close()
  const first = await startWithoutThird()
  const told: string[] = []
  const opening = openWhenReached(first, 'early', { told })
  const bus = await openWhenReached(first, 'there', { told })
  const bucket = bus.bucket('there-late', offerEntry)
  const tells = (name: string) => told.some((why) => why.startsWith(`the stream "${name}" is to have 3 copies, and`))
  await waitFor('both are told', () => tells('early') && tells('KV_there-late'))
  await expect(replicasOf(first, ['early'])).rejects.toThrow('stream not found')
  await expect(replicasOf(first, ['KV_there-late'])).rejects.toThrow('stream not found')
  await servers[2]?.process.start()
  const early = await opening
  await bucket
  const { stream, parkedStream } = early.layout
  expect(await replicasOf(servers, [stream, parkedStream, 'KV_there-late'])).toEqual([3, 3, 3])
  await Promise.all([early.close(), bus.close()])
})

test('a subscription whose servers lost their memory is made anew while one of them stays away', async () => {
  const before = await openWhenReached(servers, 'forgotten')
  await (await consume(before)).consumer.stop()
  await before.close()
  const bus = await openWhenReached(await startWithoutThird(), 'forgotten')
  const { consumer, done } = await consume(bus)
  await publishAll(bus, ['a'])
  await waitFor('it is seen', () => has(done, ['a']))
  await servers[2]?.process.start()
  await consumer.stop()
  await bus.close()
})

test('a stream with fewer copies than it is to have goes on with those, and has the rest when the cluster can hold them', async () => {
  const first = await startWithoutThird()
  const before = await openWhenReached(first, 'few', { replicas: 1 })
  await before.bucket(before.layout.offersBucket, offerEntry)
  await before.close()
  const events: CopiesEvent[] = []
  const bus = await openWhenReached(first, 'few', { replicas: 3, copies: (event) => void events.push(event) })
  const { stream, parkedStream, offersBucket } = bus.layout
  await bus.bucket(offersBucket, offerEntry)
  const streams = [stream, parkedStream, `KV_${offersBucket}`]
  expect(events.map(({ type, stream, has, wants }) => ({ type, stream, has, wants }))).toEqual(
    streams.map((stream) => ({ type: 'few', stream, has: 1, wants: 3 })),
  )
  const { consumer, done } = await consume(bus)
  await publishAll(bus, ['a'])
  await waitFor('it is seen', () => has(done, ['a']))
  await servers[2]?.process.start()
  await waitFor('all have enough', () => streams.every((name) => events.some((e) => isEnough(e, name))))
  expect(await replicasOf(servers, streams)).toEqual([3, 3, 3])
  await consumer.stop()
  await bus.close()
})

const isEnough = ({ type, stream }: CopiesEvent, name: string) => type === 'enough' && stream === name

test('a cluster that lost most of its servers is told of, and what was published meanwhile is stored when they are back', async () => {
  const bus = await openWhenReached(servers, 'quorum')
  await bus.publish(source('a', '1'))
  expect(await replicasOf(servers, [bus.layout.stream])).toEqual([3])
  const lost = servers.slice(1)
  await Promise.all(lost.map((server) => server.process.kill('SIGKILL')))
  const published = bus.publish(source('a', '2'))
  await waitFor('it is told of', () => bus.publishTrouble !== undefined)
  await Promise.all(lost.map((server) => server.process.start()))
  await published
  expect(bus.publishTrouble).toBeUndefined()
  expect((await bus.inventory([{ part: 'source' }])).map(({ key, version }) => [key, version])).toEqual([
    [keyOf('a'), '2'],
  ])
  await bus.close()
})

test('there are as many copies as somebody asked for, also of what was there before', async () => {
  const before = await openWhenReached(servers, 'asked', { replicas: 1 })
  expect(await replicasOf(servers, [before.layout.stream])).toEqual([1])
  await before.close()
  const bus = await openWhenReached(servers, 'asked', { replicas: 3 })
  expect(await replicasOf(servers, [bus.layout.stream, bus.layout.parkedStream])).toEqual([3, 3])
  await bus.close()
})

test('a cluster of two servers has one copy if somebody asks for that, and a single server has one', async () => {
  const two = await startServers(2, 'two')
  const bus = await openWhenReached(two, 'pair', { replicas: 1 })
  expect(await replicasOf(two, [bus.layout.stream, bus.layout.parkedStream])).toEqual([1, 1])
  await bus.close()
  await Promise.all(two.map((server) => server.stop()))
  const single = await startNats({ dir: join(dir, 'single') })
  const alone = await openWhenReached([single], 'alone')
  expect(await replicasOf([single], [alone.layout.stream])).toEqual([1])
  await alone.close()
  const asking = openWhenReached([single], 'alone', { replicas: 3 })
  await expect(asking).rejects.toThrow(/the stream "alone" is to have 3 copies, and NATS is no cluster/)
  await expect(asking).rejects.toBeInstanceOf(BusUnusableError)
  await single.stop()
})
