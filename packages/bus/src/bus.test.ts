import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection, nkeys } from '@nats-io/transport-node'
import { CertificateAuthority, freePort, type Nats, startNats, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consume, keyOf, openBus, source } from '../test/fixture.ts'
import { scratchDirectory } from '../test/scratch.ts'
import { Bus } from './bus.ts'
import { DONE } from './consumer-options.ts'
import { BusUnusableError } from './errors.ts'
import { KeyView } from './partition-view.ts'

const dir = scratchDirectory()
let nats: Nats
let raw: NatsConnection

beforeAll(async () => {
  nats = await startNats({ dir: join(dir, 'nats') })
  raw = await connect({ servers: [nats.url] })
})

afterAll(async () => {
  await raw.close()
  await nats.stop()
})

/** What says INFO as a nats-server does, and PONG to whoever asks. */
async function impostor(info: object): Promise<{ url: string; close: () => void }> {
  const port = await freePort()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(`INFO ${JSON.stringify({ server_id: 'x', max_payload: 1e6, proto: 1, headers: true, ...info })}\r\n`)
    socket.on('data', (chunk) => {
      if (chunk.toString().includes('PING')) socket.write('PONG\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `nats://127.0.0.1:${port}`, close: () => server.close() }
}

test.each([
  ['too old', { version: '2.10.29', jetstream: true }, /2\.10\.29 is too old: 2\.11/],
  ['without JetStream', { version: '2.12.0', jetstream: false }, /without JetStream/],
])('a server that is %s is refused', async (_what, info, message) => {
  const server = await impostor(info)
  const opening = openBus(server.url, 'broker')
  await expect(opening).rejects.toThrow(message)
  await expect(opening).rejects.toThrow(BusUnusableError)
  server.close()
})

test('an account without JetStream is refused, on a server that has it', async () => {
  const config = 'accounts: { A: { users: [{ user: a, password: a }] } }\nno_auth_user: a'
  const own = await startNats({ dir: join(dir, 'account'), config })
  await expect(openBus(own.url, 'broker')).rejects.toThrow(BusUnusableError)
  await own.stop()
})

test('a stream of somebody else with the same name is left as it is', async () => {
  const jsm = await jetstreamManager(raw)
  await jsm.streams.add({ name: 'foreign', subjects: ['orders.>'] })
  await expect(openBus(nats.url, 'foreign')).rejects.toThrow(/other subjects \(orders\.>\)/)
  expect((await jsm.streams.info('foreign')).config.subjects).toEqual(['orders.>'])
})

test('a stream of another name that has the subjects is told of', async () => {
  const jsm = await jetstreamManager(raw)
  await jsm.streams.add({ name: 'catchall', subjects: ['overlap.>'] })
  await expect(openBus(nats.url, 'overlap')).rejects.toThrow(BusUnusableError)
})

test('a stream that an older release made with other settings is brought up to date', async () => {
  const jsm = await jetstreamManager(raw)
  await jsm.streams.add({ name: 'older', subjects: ['older.*.*.>'], max_msgs_per_subject: 5 })
  const bus = await openBus(nats.url, 'older')
  expect((await jsm.streams.info('older')).config).toMatchObject({ max_msgs_per_subject: 1, allow_msg_ttl: true })
  await bus.close()
})

test('the inventory lists what is there by headers, and neither tombstones nor what is no snapshot', async () => {
  const bus = await openBus(nats.url, 'inventory')
  await bus.publish(source('a', '7'))
  await bus.publish(source('gone', '1'))
  const { message, ...gone } = source('gone', 'gone')
  await bus.publish({ ...gone, message: { ...message, object: null }, tombstone: true })
  const odd = source('odd', '1')
  await bus.publish({ ...odd, object: { ...odd.object!, cluster: 'bücher 北京' } })
  await bus.publish({
    part: 'decision',
    key: keyOf('a'),
    message: { uid: 'u', generation: 1, sourceVersion: '1', provider: null },
  })
  await jetstream(raw).publish(bus.layout.subject('source', keyOf('junk')), 'junk')
  const items = await bus.inventory([{ part: 'source' }, { part: 'decision' }])
  expect(items.map(({ object, version }) => [object.name, object.cluster, version]).sort()).toEqual([
    ['a', 'c', '7'],
    ['odd', 'bücher 北京', '1'],
  ])
  expect(await bus.inventory([{ part: 'migration' }])).toEqual([])
  const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
  for (const provider of ['alpha', 'root:beta', 'root:beta:inner']) {
    const message = { provider, cluster: provider, gvr, ours: true, object: null }
    const { key, object = {} as never } = source('a', '7')
    await bus.publish({ part: 'copy', key, qualifier: provider, message, object, version: '7' })
  }
  const [beta, ...others] = await bus.inventory([{ part: 'copy', qualifier: 'root:beta' }])
  expect([beta?.qualifier, others]).toEqual(['root:beta', []])
  expect(await bus.inventory([{ part: 'copy' }])).toHaveLength(3)
  await bus.close()
})

test('which trace a message belongs to is known to who takes its partition over, is given it, or reads it again', async () => {
  const connection = { servers: [nats.url], name: 'test' }
  const bus = await Bus.open({ connection, prefix: 'traces', partitions: 1, traceparent: () => '00-a-a-01' })
  const known: (string | undefined)[] = []
  await bus.publish(source('a', '1'))
  const { consumer } = await consume(bus, {
    reconcile: async ({ view }) => {
      known.push(...view.told().map(({ traceparent }) => traceparent))
      return DONE
    },
  })
  await waitFor('a load', () => known.includes('00-a-a-01'), { intervalMs: 5 })
  await bus.publish({ ...source('a', '2'), traceparent: '00-b-b-01' })
  await waitFor('a delivery', () => known.includes('00-b-b-01'), { intervalMs: 5 })
  const view = new KeyView()
  await bus.refresh(view, 'source', keyOf('a'))
  const [again] = view.told()
  expect(again).toMatchObject({ part: 'source', traceparent: '00-b-b-01' })
  expect(Math.abs((again?.storedAt ?? 0) - Date.now())).toBeLessThan(3_600_000) // of this day, not of another unit
  await consumer.stop()
  await bus.close()
})

/** A bus whose stream has thousands of objects. */
async function withThousands(prefix: string) {
  const bus = await openBus(nats.url, prefix)
  const names = Array.from({ length: 7_000 }, (_, n) => `n${n}`)
  for (let from = 0; from < names.length; from += 500) {
    await Promise.all(names.slice(from, from + 500).map((name) => bus.publish(source(name))))
  }
  const missing = async () => {
    const items = new Set((await bus.inventory([{ part: 'source' }])).map(({ key }) => key))
    return names.filter((name) => !items.has(keyOf(name)))
  }
  return { bus, names, missing }
}

test('an inventory of thousands has what others publish anew meanwhile', async () => {
  const { bus, names, missing } = await withThousands('many')
  const again = Promise.all(names.slice(0, 100).map((name) => bus.publish(source(name, '2'))))
  expect(await missing()).toEqual([])
  await again
  await bus.close()
})

test('those who publish without a pause keep nothing of others out of an inventory, and do not hold it up for ever', async () => {
  const { bus, names, missing } = await withThousands('noise')
  const busy = names.slice(0, 100)
  let on = true
  const noise = (async () => {
    for (let n = 2; on; n++) await Promise.all(busy.map((name) => bus.publish(source(name, String(n)))))
  })()
  const left = await missing()
  on = false
  await noise
  expect(left.filter((name) => !busy.includes(name))).toEqual([])
  await bus.close()
})

test('readiness follows the connection', async () => {
  const own = await startNats({ dir: join(dir, 'readiness') })
  const bus = await openBus(own.url, 'broker')
  expect(bus.isConnected).toBe(true)
  await own.process.stop()
  await waitFor('it is noticed', () => !bus.isConnected)
  await own.process.start()
  await waitFor('it is back', () => bus.isConnected)
  await bus.close()
  expect(bus.isConnected).toBe(false)
  await own.stop()
})

/** A certificate authority with a server and a client certificate, as PEM files. */
async function certificates(address = '127.0.0.1') {
  const authority = await CertificateAuthority.create('ca')
  const [server, client] = [await authority.issueServing([address]), await authority.issueClient('client', [])]
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  return {
    ca: file('ca.crt', authority.pem),
    server: file('server.crt', server.certificate),
    serverKey: file('server.key', server.key),
    client: file('client.crt', client.certificate),
    clientKey: file('client.key', client.key),
  }
}

test('TLS with a private authority and a client certificate', async () => {
  const files = await certificates()
  const tls = `cert_file: "${files.server}", key_file: "${files.serverKey}", ca_file: "${files.ca}", verify: true`
  const own = await startNats({ dir: join(dir, 'tls'), config: `tls { ${tls} }` })
  const servers = [`tls://127.0.0.1:${own.port}`]
  const options = { prefix: 'broker', partitions: 1 }
  const full = { servers, name: 't', caFile: files.ca, certificateFile: files.client, keyFile: files.clientKey }
  const bus = await Bus.open({ ...options, connection: full })
  await bus.publish(source('a'))
  expect(await bus.inventory([{ part: 'source' }])).toHaveLength(1)
  await own.restart()
  await bus.publish(source('b'))
  await bus.close()
  await expect(Bus.open({ ...options, connection: { servers, name: 't', caFile: files.ca } })).rejects.toThrow()
  await expect(Bus.open({ ...options, connection: { servers, name: 't' } })).rejects.toThrow()
  await own.stop()
})

test('TLS refuses a certificate of another address', async () => {
  const files = await certificates('127.0.0.9')
  const config = `tls { cert_file: "${files.server}", key_file: "${files.serverKey}" }`
  const own = await startNats({ dir: join(dir, 'other'), config })
  const connection = { servers: [`tls://127.0.0.1:${own.port}`], name: 't', caFile: files.ca }
  await expect(Bus.open({ prefix: 'broker', partitions: 1, connection })).rejects.toThrow(/does not match/)
  await own.stop()
})

/** A signed claim of NATS' decentralised authentication (JWT v2). */
function jwt(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, name: string, claims: object): string {
  const part = (value: object | Uint8Array) =>
    Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url')
  const body = { jti: name, iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name }
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...body, nats: { version: 2, ...claims } })}`
  return `${text}.${part(issuer.sign(Buffer.from(text)))}`
}

function credentials(user: nkeys.KeyPair, token: string): string {
  const seed = Buffer.from(user.getSeed()).toString()
  const block = (what: string, value: string, end: string) =>
    `-----BEGIN ${what}-----\n${value}\n${end}END ${what}------\n`
  return block('NATS USER JWT', token, '------') + block('USER NKEY SEED', seed, '------')
}

test('credentials of a user open the bus, and are read anew for every connection', async () => {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()]
  const [user, other] = [nkeys.createUser(), nkeys.createUser()]
  const unlimited = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1, conn: -1, leaf: -1, subs: -1 }
  const limits = { ...unlimited, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true }
  const none = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 }
  const of = (who: nkeys.KeyPair) => jwt(account, who, 'user', { type: 'user', subs: -1, data: -1, payload: -1 })
  const config = `operator: ${jwt(operator, operator, 'op', { type: 'operator' })}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${jwt(operator, account, 'acc', { type: 'account', limits })}
      ${system.getPublicKey()}: ${jwt(operator, system, 'sys', { type: 'account', limits: { ...limits, ...none } })}
    }`
  const own = await startNats({ dir: join(dir, 'creds'), config })
  const file = join(dir, 'user.creds')
  const open = () => {
    const connection = { servers: [own.url], name: 't', credentialsFile: file }
    return Bus.open({ prefix: 'broker', partitions: 1, connection })
  }
  writeFileSync(file, credentials(nkeys.createUser(), of(other)))
  await expect(open()).rejects.toThrow(/authorization/i)
  writeFileSync(file, credentials(user, of(user)))
  const bus = await open()
  await bus.publish(source('a'))
  writeFileSync(file, credentials(nkeys.createUser(), of(other)))
  await own.restart()
  await waitFor('the bus notices', () => !bus.isConnected)
  writeFileSync(file, credentials(other, of(other)))
  await bus.publish(source('b'))
  expect(await bus.inventory([{ part: 'source' }])).toHaveLength(2)
  await bus.close()
  await own.stop()
})
