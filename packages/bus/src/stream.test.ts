import { join } from 'node:path'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { freePort, type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consume, has, keyOf, publishAll, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import { Bus } from './bus.ts'
import { isUnreachable } from './errors.ts'
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

/** A bus that begins once the servers have agreed, as a service does. */
async function openWhenReached(of: Nats[], prefix: string, replicas?: number): Promise<Bus> {
  const connection = { servers: of.map(({ url }) => url), name: 'test' }
  const options = { connection, prefix, partitions: 2, ...(replicas === undefined ? {} : { replicas }) }
  return await waitFor('the cluster has a leader', async () => {
    return await Bus.open(options).catch((error: unknown) => {
      if (isUnreachable(error)) return undefined
      throw error
    })
  })
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

test('a stream that was made while a server was away has three copies once somebody connects after its return', async () => {
  await servers[2]?.process.kill('SIGKILL')
  const early = await openWhenReached(servers.slice(0, 2), 'early')
  const { stream, parkedStream } = early.layout
  await servers[2]?.process.start()
  await waitFor('three copies', async () => {
    await (await openWhenReached(servers, 'early')).close()
    return (await replicasOf(servers, [stream, parkedStream])).every((replicas) => replicas === 3)
  })
  await early.close()
})

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
  const before = await openWhenReached(servers, 'asked', 1)
  expect(await replicasOf(servers, [before.layout.stream])).toEqual([1])
  await before.close()
  const bus = await openWhenReached(servers, 'asked', 3)
  expect(await replicasOf(servers, [bus.layout.stream, bus.layout.parkedStream])).toEqual([3, 3])
  await bus.close()
})

test('a cluster that cannot hold three copies has one, and so has a single server', async () => {
  const two = await startServers(2, 'two')
  const bus = await openWhenReached(two, 'pair')
  expect(await replicasOf(two, [bus.layout.stream, bus.layout.parkedStream])).toEqual([1, 1])
  await bus.close()
  await Promise.all(two.map((server) => server.stop()))
  const single = await startNats({ dir: join(dir, 'single') })
  const alone = await openWhenReached([single], 'alone')
  expect(await replicasOf([single], [alone.layout.stream])).toEqual([1])
  await alone.close()
  await single.stop()
})
