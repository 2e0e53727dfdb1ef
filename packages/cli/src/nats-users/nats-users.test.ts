import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, errors, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node'
import { Bus, type BusUser, busUsers, DONE, offerEntry } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import { type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { NatsUsersError } from '../errors.ts'
import { writeNatsUsers } from './nats-users.ts'

const PARTITIONS = 2
const { PermissionViolationError } = errors

let dir: string
let nats: Nats
let seeds: Map<BusUser, string>
/** An administrator of the account, and another system that shares it. */
let [admin, orders] = [] as unknown as [NatsConnection, NatsConnection]
/** What the server told a service that it may not. */
const refused: string[] = []
const opened: { close: () => Promise<unknown> }[] = []

const signIn = (user: string) => connect({ servers: nats.url, user, pass: user })

async function open(user: BusUser): Promise<Bus> {
  const connection = { servers: [nats.url], name: user, credentialsFile: seeds.get(user) as string }
  const bus = await Bus.open({
    ...{ connection, prefix: 'broker', partitions: PARTITIONS },
    refused: ({ message }) => refused.push(message),
  })
  opened.push(bus)
  return bus
}

/** A connection that does what no service does. */
const rogue = (user: BusUser): Promise<NatsConnection> => signInAt(nats, seeds.get(user) as string)

async function signInAt({ url }: Nats, seedFile: string): Promise<NatsConnection> {
  const authenticator = nkeyAuthenticator(await readFile(seedFile))
  const inboxPrefix = `broker-inbox.${basename(seedFile, '.nk')}`
  const connection = await connect({ servers: url, authenticator, inboxPrefix })
  opened.push(connection)
  return connection
}

const mayRequest = (connection: NatsConnection, subject: string): Promise<boolean> =>
  connection.request(subject, '', { timeout: 5_000 }).then(
    () => true,
    (error: Error) => {
      const cause = error instanceof PermissionViolationError ? error : error.cause
      if (cause instanceof PermissionViolationError) return false
      throw error
    },
  )

const maySubscribe = async (connection: NatsConnection, subject: string): Promise<boolean> => {
  const refusals: Error[] = []
  connection.subscribe(subject, { callback: (error) => void (error !== null && refusals.push(error)) })
  await connection.flush()
  return refusals.length === 0
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nats-users-'))
  const { users } = await writeNatsUsers({ output: join(dir, 'users'), partitions: PARTITIONS })
  seeds = new Map(users.map(({ name, seed }) => [name, seed]))
  const ordersMay = '{ publish: { allow: ["orders.>"] }, subscribe: { allow: ["orders.>", "_INBOX.>"] } }'
  const entries = users.map(
    ({ key, permissions }) => `{ nkey: ${key}, permissions: { include ${relative(dir, permissions)}\n } }`,
  )
  const others = ['{ user: admin, password: admin }', `{ user: orders, password: orders, permissions: ${ordersMay} }`]
  const config = `accounts { SHARED { jetstream: enabled, users: [ ${[...others, ...entries].join('\n')} ] } }`
  nats = await startNats({ dir, config })
  ;[admin, orders] = await Promise.all([signIn('admin'), signIn('orders')])
  await (await jetstreamManager(admin)).streams.add({ name: 'orders', subjects: ['orders.>'] })
})

afterAll(async () => {
  for (const each of [...opened, admin, orders]) await each?.close()
  await nats?.stop()
  await rm(dir, { recursive: true })
})

test('seeds are for their owner alone, and stay when it is done again', async () => {
  const output = join(dir, 'again')
  const first = await writeNatsUsers({ output })
  expect(first.users.map(({ name, isNew }) => [name, isNew])).toEqual(busUsers.map((name) => [name, true]))
  for (const { seed } of first.users) expect((await stat(seed)).mode & 0o777).toBe(0o600)
  const again = await writeNatsUsers({ output, partitions: 16 })
  expect(again.users).toEqual(first.users.map((user) => ({ ...user, isNew: false })))
  for (const file of [again.config, again.values]) expect(await readFile(file, 'utf8')).not.toMatch(/\bSU[A-Z0-9]{50}/)
})

test('a seed that is none is named, and what is in it is not', async () => {
  const output = join(dir, 'broken')
  const { users } = await writeNatsUsers({ output })
  await writeFile(users[0]?.seed as string, 'SECRET')
  const writing = writeNatsUsers({ output })
  await expect(writing).rejects.toThrow(/workspace-watcher\.nk is not the seed of an nkey$/)
  await expect(writing).rejects.toThrow(NatsUsersError)
})

test('with its user a service makes the streams, says its own, is told it, and nothing is refused', async () => {
  const [watcher, scheduler] = [await open('workspace-watcher'), await open('placement-scheduler')]
  const nudged: number[] = []
  const consumer = await scheduler.consume({
    ...{ service: 'placement-scheduler', parts: ['offers'], alsoLoad: ['decision'], concurrency: 1 },
    remember: () => undefined,
    reconcile: async () => DONE,
    reconcilePartition: async ({ partition }) => void nudged.push(partition),
  })
  await waitFor('both partitions to be looked at', async () => {
    await scheduler.nudgePartitions('offers', { by: 'test' })
    return new Set(nudged).size === PARTITIONS
  })
  await watcher.nudgePartitions('served', { by: 'test' })
  expect(await watcher.inventory([{ part: 'source' }])).toEqual([])
  await consumer.stop()
  expect(refused).toEqual([])
})

test('what it writes for the chart of the NATS project gives a server the same users', async () => {
  const output = join(dir, 'chart')
  const { users, values } = await writeNatsUsers({ output, partitions: PARTITIONS })
  const files = [join(import.meta.dirname, '../../../../deploy/nats/values.yaml'), values]
  const merged = await Promise.all(files.map(async (file) => parse(await readFile(file, 'utf8')).config.merge))
  // As the chart does it: JSON, without quotes around what stands between << and >>.
  const text = stringifyJson(Object.assign({}, ...merged)).replaceAll(/"<< (.*?) >>"/g, '$1')
  const server = await startNats({ dir: output, config: text.slice(1, -1) })
  const credentialsFile = users.find(({ name }) => name === 'acceptapi-registry')?.seed as string
  const refusals: string[] = []
  const bus = await Bus.open({
    ...{ connection: { servers: [server.url], name: 'acceptapi-registry', credentialsFile }, partitions: PARTITIONS },
    prefix: 'broker',
    refused: ({ message }) => refusals.push(message),
  })
  await bus.bucket(bus.layout.offersBucket, offerEntry)
  expect(await mayRequest(await signInAt(server, credentialsFile), '$JS.API.STREAM.DELETE.broker')).toBe(false)
  await expect(connect({ servers: server.url })).rejects.toThrow(/Authorization/)
  expect(refusals).toEqual([])
  await bus.close()
  await server.stop()
})

test("a service that publishes another's part is refused, it is told of, and nothing is stored", async () => {
  const registry = await open('acceptapi-registry')
  void registry
    .nudgePartitions('decision', { uid: 'u', generation: 1, sourceVersion: '1', provider: null })
    .catch(() => undefined)
  await waitFor('it is told of', () => registry.publishTrouble !== undefined)
  expect(refused).toContainEqual(expect.stringMatching(/Publish to "broker\.\d\.-\.decision"/))
  const message = await (await jetstreamManager(admin)).streams.getMessage('broker', {
    last_by_subj: 'broker.0.-.decision',
  })
  expect(message).toBeNull()
})

test.each([
  ["another's part", 'broker.0.0123456789abcdef.source'],
  ["another's word to take over", 'broker.0.-.take-over.placement-scheduler'],
  ["another's parked keys", 'broker-parked.placement-scheduler.key'],
  ["another's replicas", 'broker-members.placement-scheduler'],
  ["an answer to another's request", 'broker-inbox.placement-scheduler.x'],
  ["the messages of another's consumer", '$JS.API.CONSUMER.MSG.NEXT.broker.placement-scheduler-0'],
  ["the end of another's consumer", '$JS.API.CONSUMER.DELETE.broker.placement-scheduler-0'],
  ["another owner for another's partition", '$JS.API.CONSUMER.UNPIN.broker.placement-scheduler-0'],
  ["another's consumer anew", '$JS.API.CONSUMER.DURABLE.CREATE.broker.placement-scheduler-0'],
  ["another's consumer in the place of one that is read once", '$JS.API.CONSUMER.CREATE.broker.placement-scheduler-0'],
  ['a consumer whose name the server cannot see', '$JS.API.CONSUMER.CREATE.broker'],
  ['a bucket that is not its own', '$KV.broker-offers.a.b'],
  ['the end of the stream', '$JS.API.STREAM.DELETE.broker'],
  ['the end of a message', '$JS.API.STREAM.MSG.DELETE.broker'],
  ['what other systems have in the account', '$JS.API.STREAM.INFO.orders'],
  ['the names of all streams', '$JS.API.STREAM.NAMES'],
  ["another system's subject", 'orders.new'],
])('the syncer may not ask for %s', async (_what, subject) => {
  const syncer = await rogue('provider-syncer')
  expect(await mayRequest(syncer, '$JS.API.INFO')).toBe(true)
  expect(await mayRequest(syncer, subject)).toBe(false)
})

test.each(['broker.>', 'broker-inbox.placement-scheduler.>', '_INBOX.>', 'orders.>', '>', '$JS.EVENT.ADVISORY.>'])(
  'the syncer may not listen to %s',
  async (subject) => {
    expect(await maySubscribe(await rogue('provider-syncer'), subject)).toBe(false)
  },
)

test('another system in the account goes on with its own, and sees nothing of the broker', async () => {
  expect((await jetstream(orders).publish('orders.new', 'one')).stream).toBe('orders')
  expect(await mayRequest(orders, '$JS.API.STREAM.INFO.broker')).toBe(false)
  expect(await maySubscribe(orders, 'broker.>')).toBe(false)
  expect(await maySubscribe(orders, 'broker-inbox.>')).toBe(false)
})
