import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, cpuMs, hear, json, ROOT, Target } from './support.ts'

const NAMESPACE = `${ROOT}/api/v1/namespaces/default`
const WATCH = `${CONFIG_MAPS}?watch=true`
const HALF_OPEN = 2_000
const MIB = 1024 * 1024

let target: Target
const opened: Socket[] = []

beforeAll(async () => {
  target = await Target.start()
})
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await target.expectUnharmed()
})
afterAll(() => target.close())

async function connection(): Promise<TLSSocket> {
  const socket = await target.connect()
  opened.push(socket)
  return socket
}

function plainConnection(): Socket {
  const socket = connectPlain(target.port, '127.0.0.1').on('error', () => socket.destroy())
  opened.push(socket)
  return socket
}

describe('What is no TLS', () => {
  test.each<[string, Buffer | string]>([
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['random bytes', Buffer.from(Array.from({ length: 4_000 }, (_, index) => (index * 7_919) % 251))],
    ['zeros', Buffer.alloc(10_000)],
    ['SSH', 'SSH-2.0-OpenSSH_9.0\r\n'],
    ['a hello of SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10])],
    ['a record of a wrong length', Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0, 0, 1, 3, 3])],
    ['an alert', Buffer.from([0x15, 3, 1, 0, 2, 2, 40])],
    ['application data at once', Buffer.from([0x17, 3, 3, 0, 4, 1, 2, 3, 4])],
  ])('is hung up on: %s', async (_, bytes) => {
    const socket = plainConnection().resume()
    socket.write(bytes)
    socket.end()
    await once(socket, 'close')
  })

  test('may end in the middle of the handshake, or right behind it', async () => {
    for (let round = 0; round < 30; round++) {
      const raw = plainConnection()
      const tls = connect({ socket: raw, ca: target.sandbox.ca }).on('error', () => tls.destroy())
      opened.push(tls)
      const gone = once(raw, 'close')
      if (round % 3 === 0) raw.once('connect', () => raw.destroy())
      else if (round % 3 === 1) tls.once('secureConnect', () => raw.destroy())
      else {
        tls.once('secureConnect', () => {
          tls.write(target.head('GET', NAMESPACE))
          raw.destroy()
        })
      }
      await gone
    }
  })

  test.each([{ maxVersion: 'TLSv1.1' as const, minVersion: 'TLSv1.1' as const }, { ALPNProtocols: ['h2'] }])(
    'that is good enough is refused: %o',
    async (options) => {
      const socket = connect({ port: target.port, host: '127.0.0.1', ca: target.sandbox.ca, ...options })
      opened.push(socket)
      await new Promise((resolve) => socket.once('error', resolve))
    },
  )
})

describe('Slow clients', () => {
  test('are waited for, byte by byte, while others are served', async () => {
    const body = JSON.stringify(configMap('slow'))
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
    const text = target.head('POST', CONFIG_MAPS, headers) + body
    const socket = await connection()
    const heard = hear(socket, '"name":"slow"')
    for (const [index, byte] of [...text].entries()) {
      socket.write(byte)
      if (index % 50 === 0) expect((await target.call(NAMESPACE)).status).toBe(200)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await heard).toMatch(/^HTTP\/1.1 201 /)
  })

  test('hold up nobody, how many there be, and leave nothing when they go', async () => {
    const cut = [
      'GET',
      target.head('GET', NAMESPACE).slice(0, -2),
      `${target.head('POST', CONFIG_MAPS, { 'content-type': 'application/json', 'content-length': '500' })}{"api`,
      `${target.head('POST', CONFIG_MAPS, { 'transfer-encoding': 'chunked' })}5\r\n{"a`,
      `${target.head('POST', CONFIG_MAPS, { 'content-encoding': 'gzip', 'content-length': '50' })}\x1f\x8b`,
    ]
    const before = await target.get<{ items: unknown[] }>(CONFIG_MAPS)
    const sockets = await Promise.all(Array.from({ length: 200 }, connection))
    for (const [index, socket] of sockets.entries()) socket.write(cut[index % cut.length]!)
    const cpu = cpuMs()
    for (let round = 0; round < 20; round++) expect((await target.call(NAMESPACE)).status).toBe(200)
    expect(cpu()).toBeLessThan(5_000)
    for (const socket of sockets) socket.destroy()
    expect((await target.get<{ items: unknown[] }>(CONFIG_MAPS)).items).toHaveLength(before.items.length)
  })
})

describe('Clients that do not read', () => {
  test('are cut off once too much waits for them, and can go on where they were', async () => {
    const name = `${CONFIG_MAPS}/large`
    json(await target.post(CONFIG_MAPS, configMap('large')))
    const { metadata } = await target.get<{ metadata: { resourceVersion: string } }>(CONFIG_MAPS)
    const sockets = await Promise.all(Array.from({ length: 4 }, connection))
    for (const socket of sockets) {
      socket.write(target.head('GET', `${WATCH}&resourceVersion=${metadata.resourceVersion}`))
      await once(socket, 'readable')
      socket.pause()
    }
    const rounds = 60
    for (let round = 0; round < rounds; round++) {
      json(await target.put(name, configMap('large', { data: { round: String(round), fill: 'x'.repeat(400_000) } })))
    }
    for (const socket of sockets) {
      const heard = await hear(socket.resume())
      expect(heard.length).toBeLessThan(rounds * 400_000)
      const last = [...heard.matchAll(/"resourceVersion":"(\d+)"/g)].at(-1)?.[1] ?? metadata.resourceVersion
      const again = await connection()
      again.write(target.head('GET', `${WATCH}&resourceVersion=${last}`))
      expect(await hear(again, `"round":"${rounds - 1}"`)).toMatch(/^HTTP\/1.1 200 /)
      again.destroy()
    }
  })

  test('may vanish in the middle of a list, a streaming list, or a watch', async () => {
    for (let index = 0; index < 30; index++) {
      json(await target.post(CONFIG_MAPS, configMap(`fill-${index}`, { data: { a: 'x'.repeat(100_000) } })))
    }
    const streaming = `${WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`
    for (let round = 0; round < 60; round++) {
      const socket = await connection()
      const path = [CONFIG_MAPS, streaming, WATCH][round % 3]!
      socket.write(target.head('GET', path, round % 2 === 0 ? {} : { 'accept-encoding': 'gzip' }))
      if (round % 4 !== 0) await once(socket, 'readable')
      socket.destroy()
    }
    const socket = await connection()
    socket.write(target.head('GET', streaming))
    const heard = await hear(socket, 'k8s.io/initial-events-end')
    expect(heard).toContain('"fill-29"')
  })
})

describe(`${HALF_OPEN} watches that are opened and dropped`, () => {
  test('give back their memory and their handles', async () => {
    const before = sockets()
    // What code and caches take at first is no leak.
    await openWatches(HALF_OPEN / 4)
    await drop()
    await gone(before)
    const memory = await heap()
    const handles = sockets()
    await openWatches(HALF_OPEN)
    expect(opened).toHaveLength(HALF_OPEN)
    expect(sockets()).toBeGreaterThan(handles + HALF_OPEN)
    // The objects are the same for all: what each watch costs stays small.
    json(await target.post(CONFIG_MAPS, configMap('seen', { data: { a: 'x'.repeat(10_000) } })))
    await drop()
    await gone(handles)
    // Both ends are in this process; each takes some 20 KiB while it lives.
    expect((await heap()) - memory).toBeLessThan(10 * MIB)
  })

  const trust = () => createSecureContext({ ca: target.sandbox.ca })
  let context: ReturnType<typeof trust> | undefined

  async function openWatch(): Promise<void> {
    context ??= trust()
    const socket = connect({ port: target.port, host: '127.0.0.1', secureContext: context })
    socket.on('error', () => socket.destroy())
    opened.push(socket)
    await once(socket, 'secureConnect')
    const isStarted = hear(socket, '\r\n\r\n')
    socket.write(target.head('GET', `${ROOT}/api/v1/secrets?watch=true`))
    expect(await isStarted).toMatch(/^HTTP\/1.1 200 /)
    socket.pause()
  }

  async function openWatches(count: number): Promise<void> {
    for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, openWatch))
  }

  async function gone(handles: number): Promise<void> {
    await waitFor('the connections are gone', async () => (sockets() <= handles + 20 ? true : undefined))
  }

  async function drop(): Promise<void> {
    const closed = opened.map((socket) => (socket.destroyed ? undefined : once(socket, 'close')))
    for (const socket of opened.splice(0)) socket.destroy()
    await Promise.all(closed)
  }

  function sockets(): number {
    return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  }

  async function heap(): Promise<number> {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let round = 0; round < 5; round++) {
      collect()
      // What is let go by finalizers goes in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
})
