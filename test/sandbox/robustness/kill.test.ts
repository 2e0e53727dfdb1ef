import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CONFIG_MAPS, configMap } from './support.ts'

const MAIN = fileURLToPath(import.meta.resolve('@resource-broker/sandbox').replace(/mod\.ts$/, 'main.ts'))
const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000)
const ROUNDS = 20
const WRITERS = 8
const NAMES = 40

type Reply = { status: number; text: string }
type Known = { version: number; value: string } | 'deleted'
type Listed = { metadata: { name: string; resourceVersion: string }; data?: { value?: string } }

let dir: string
let running: Server | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandbox-kill-'))
})
afterEach(async () => {
  await running?.kill()
  await rm(dir, { recursive: true, force: true })
})

/** A sandbox in a process of its own. */
class Server {
  readonly #process: ChildProcess
  readonly #agent: Agent
  readonly #port: number
  readonly #exited: Promise<unknown>
  /** What it wrote to standard error. */
  errors = ''

  private constructor(process: ChildProcess, ca: Buffer, port: number) {
    this.#process = process
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, ca })
    this.#exited = once(process, 'exit')
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
  }

  static async start(at: string): Promise<Server> {
    const child = spawn(process.execPath, [MAIN, '--dir', at, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
    for await (const line of createInterface(child.stdout)) {
      const url = /^Ready .* at (https:\S+)$/.exec(line)?.[1]
      if (url === undefined) continue
      const kubeconfig = await readFile(join(at, 'admin.kubeconfig'), 'utf8')
      const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(kubeconfig)?.[1] ?? '', 'base64')
      running = new Server(child, ca, Number(new URL(url).port))
      return running
    }
    throw new Error('the sandbox did not start')
  }

  /** Rejects when the server goes away before it has answered. */
  call(method: string, path: string, body?: object, until?: RegExp): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: 'Bearer admin-token', 'content-type': 'application/json' }
      const options = { host: '127.0.0.1', port: this.#port, method, path, headers, agent: this.#agent }
      const sent = request(options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          if (until?.test(text)) {
            resolve({ status: response.statusCode ?? 0, text })
            response.destroy()
          }
        })
        response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
    this.#agent.destroy()
    running = undefined
  }
}

/** Numbers that are the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What the answers of one server promised; what was under way when it died may be there or not. */
class Ledger {
  readonly known = new Map<string, Known>()
  readonly open = new Map<string, Set<string>>()
  latest = 0
  #count = 0

  /** Changes one object in some way and notes what was answered; rejects when the server dies. */
  async write(server: Server, name: string, random: (below: number) => number, fill: number): Promise<void> {
    const known = this.known.get(name)
    const exists = known !== undefined && known !== 'deleted'
    const value = `${name}-${++this.#count}`
    const deletes = exists && random(3) === 0
    const path = exists ? `${CONFIG_MAPS}/${name}` : CONFIG_MAPS
    const method = deletes ? 'DELETE' : exists ? 'PUT' : 'POST'
    const attempts = this.open.get(name) ?? new Set()
    this.open.set(name, attempts.add(deletes ? 'deleted' : value))
    const body = deletes ? undefined : configMap(name, { data: { value, fill: 'x'.repeat(random(fill)) } })
    const { status, text } = await server.call(method, path, body)
    expect([200, 201], text).toContain(status)
    this.open.delete(name)
    if (deletes) return void this.known.set(name, 'deleted')
    const version = Number((JSON.parse(text) as Listed).metadata.resourceVersion)
    this.known.set(name, { version, value })
    this.latest = Math.max(this.latest, version)
  }

  /** Begins with what is there. */
  adopt(items: readonly Listed[]): this {
    for (const { metadata, data } of items) {
      this.known.set(metadata.name, { version: Number(metadata.resourceVersion), value: data?.value ?? '' })
    }
    return this
  }

  /** Holds what a server has now to what was promised, and goes on from there. */
  compare(items: readonly Listed[], version: number): void {
    expect(version).toBeGreaterThanOrEqual(this.latest)
    this.latest = version
    const found = new Map(items.map((item) => [item.metadata.name, item]))
    for (const name of new Set([...this.known.keys(), ...this.open.keys()])) {
      const item = found.get(name)
      const known = this.known.get(name) ?? 'deleted'
      const value = item?.data?.value ?? 'deleted'
      const promised = known === 'deleted' ? 'deleted' : known.value
      expect([promised, ...(this.open.get(name) ?? [])], name).toContain(value)
      if (value === promised && item !== undefined && known !== 'deleted') {
        expect(Number(item.metadata.resourceVersion)).toBe(known.version)
      }
      this.known.set(name, item === undefined ? 'deleted' : { version: Number(item.metadata.resourceVersion), value })
    }
    this.open.clear()
  }
}

async function list(server: Server): Promise<{ items: Listed[]; version: number }> {
  const { status, text } = await server.call('GET', CONFIG_MAPS)
  expect(status, text).toBe(200)
  const { items, metadata } = JSON.parse(text) as { items: Listed[]; metadata: { resourceVersion: string } }
  const own = items.filter(({ metadata: { name } }) => name !== 'kube-root-ca.crt')
  return { items: own, version: Number(metadata.resourceVersion) }
}

/** A watch from `version` either goes on, and tells of what comes next, or says that this is too long ago. */
async function expectResumable(server: Server, version: number): Promise<void> {
  const path = `${CONFIG_MAPS}?watch=true&resourceVersion=${version}`
  const watching = server.call('GET', path, undefined, /"name":"probe"|"code":410/)
  const { status } = await server.call('POST', CONFIG_MAPS, configMap('probe'))
  expect(status).toBe(201)
  const { text } = await watching
  expect(text).toMatch(/"name":"probe"|"code":410/)
  expect((await server.call('DELETE', `${CONFIG_MAPS}/probe`)).status).toBe(200)
}

type Death = { fill: number; isTime: () => Promise<boolean> }

/** After a number of writes that nobody chose. */
function someTime(random: (below: number) => number): Death {
  let rest = 20 + random(300)
  return { fill: 5_000, isTime: async () => --rest <= 0 }
}

/** Writes from all sides until the server is killed, with writes under way. */
async function writeUntilKilled(
  server: Server,
  ledger: Ledger,
  random: (below: number) => number,
  { fill, isTime }: Death = someTime(random),
): Promise<void> {
  let dying: Promise<void> | undefined
  const writer = async (index: number) => {
    while (dying === undefined) {
      const name = `n${index + WRITERS * random(NAMES / WRITERS)}`
      const written = ledger.write(server, name, random, fill).catch((error: unknown) => {
        if (dying === undefined || !('code' in (error as object))) throw error
      })
      if (await isTime()) dying ??= server.kill()
      await written
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)))
  await dying
}

describe(`A sandbox that is killed (SEED=${SEED})`, () => {
  test(`${ROUNDS} times in the middle of writes has all that it answered`, async () => {
    const random = randomFrom(SEED)
    const ledger = new Ledger()
    let last = 0
    for (let round = 0; round <= ROUNDS; round++) {
      const server = await Server.start(dir)
      const { items, version } = await list(server)
      ledger.compare(items, version)
      if (round > 0) await expectResumable(server, last)
      await expectResumable(server, (await list(server)).version)
      expect(server.errors).toBe('')
      last = ledger.latest
      await writeUntilKilled(server, ledger, random)
    }
  })

  test('is whole again when its last record is torn, or a copy of it was taken while it wrote', async () => {
    const random = randomFrom(SEED + 1)
    const ledger = new Ledger()
    const server = await Server.start(dir)
    await writeUntilKilled(server, ledger, random)
    const log = await latestLog(dir)
    const size = (await stat(log)).size
    for (const torn of [1, 7, 300]) {
      await truncate(log, size - torn)
      const again = await Server.start(dir)
      const { items } = await list(again)
      // Cutting off more than a record loses what it held, and nothing else.
      const lost = [...ledger.known].filter(([name, known]) => {
        const item = items.find(({ metadata }) => metadata.name === name)
        return known === 'deleted' ? item !== undefined : item?.data?.value !== known.value
      })
      expect(lost.length).toBeLessThanOrEqual(WRITERS)
      await expectResumable(again, (await list(again)).version)
      await expectCopyWhole(again, new Ledger().adopt((await list(again)).items), random)
    }
  })

  test('while it begins its log anew has all that it answered', async () => {
    const random = randomFrom(SEED + 2)
    const ledger = new Ledger()
    const isTime = async () => (await readdir(join(dir, 'root'))).some((name) => name.endsWith('.new'))
    for (let round = 0; round < 4; round++) {
      const server = await Server.start(dir)
      const { items, version } = await list(server)
      ledger.compare(items, version)
      if (round < 3) await writeUntilKilled(server, ledger, random, { fill: 200_000, isTime })
    }
  })
})

/** A copy of the directory, taken while it is written to, has all that was there before and was not changed meanwhile. */
async function expectCopyWhole(server: Server, ledger: Ledger, random: (below: number) => number): Promise<void> {
  const copy = `${dir}-copy`
  const before = new Map(ledger.known)
  try {
    const writing = writeUntilKilled(server, ledger, random)
    await cp(dir, copy, { recursive: true })
    await writing
    const copied = await Server.start(copy)
    const { items } = await list(copied)
    for (const [name, known] of before) {
      if (known === 'deleted' || ledger.known.get(name) !== known || ledger.open.has(name)) continue
      expect(items.find(({ metadata }) => metadata.name === name)?.data?.value).toBe(known.value)
    }
    await copied.kill()
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function latestLog(at: string): Promise<string> {
  const shard = join(at, 'root')
  const logs = (await readdir(shard)).filter((name) => /^log\.\d+$/.test(name))
  return join(shard, logs.at(-1)!)
}
