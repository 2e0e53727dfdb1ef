import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI, annotations } from '@resource-broker/api'
import {
  type BoundCluster,
  Connections,
  clusterOf,
  ENDPOINT_SLICES,
  type Endpoint,
  type EndpointSlice,
  readKubeconfig,
  urlsOf,
  type WatchedObject,
  watchExport,
  watchResource,
} from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { type ServiceProcess, startService } from '../../support/broker.ts'
import { ROOT } from '../../support/landscape.ts'
import { THING } from '../../support/provider-controller.ts'
import { cpuMs, type Memory, memoryOf } from '../processes.ts'
import { Fleet } from './fleet.ts'
import { startFloor, startGround } from './programs.ts'

const CRD = join(ROOT, 'test/support/thing-crd.yaml')
const BROKERED = 'things.test.platform-mesh.io'
const EXPORT = 'things'
const SHARDS = ['root', 'shard-1']
/** Workspaces that are made, and objects that are created, at once. */
const AT_ONCE = 16
const IN_FLIGHT = 32
const PATIENCE_MS = 300_000
/** Of each consumer, for the floor. */
const FLOOR_OBJECTS_EACH = 5

export type ScaleSizes = { consumers: number; providers: number; objectsEach: number; firstObjects: number }
/** Processes whose CPU counts, `broker` for the floor in its turn: the bench's own has the providers and the load. */
type Who = 'broker' | 'sandbox' | 'nats' | 'bench'
/** What one step came to; `placed` and `answered` are seconds until the last copy, and the last status at a consumer, was seen. */
export type Step = { objects: number; placed: number; answered: number; cpuMs: Record<Who, number> }
export type Footprint = { consumers: number; memory: Memory; watches: number; sockets: number }
export type ScaleFigures = {
  sizes: ScaleSizes
  /** Milliseconds from the create of a new workspace's first object to its copy, sorted. */
  firstObject: number[]
  tenth: Step
  rest: Step
  /** What floor.ts does with more objects of all consumers, once the broker has stopped. */
  floor: Step
  /** With a tenth, with three tenths, and with all of the consumers. */
  footprints: Footprint[]
}

type Object = { cluster: string; name: string }
type Thing = {
  metadata: { namespace?: string; name: string; annotations?: Record<string, string> }
  status?: { status?: string }
}

/** Places objects of many consumer workspaces at many provider workspaces, on two shards of one sandbox, with the broker as one process, and then with the floor. */
export async function benchScale(sizes: ScaleSizes, say: (line: string) => void): Promise<ScaleFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-kcp-'))
  const { ground, sandboxPid, stop } = await startGround(dir, CRD, SHARDS.length)
  const stopping = new AbortController()
  const { signal } = stopping
  const login = await readKubeconfig(ground.adminKubeconfig)
  const connections = new Connections(login)
  const shards = SHARDS.map((name, i) => ({ name, client: connections.at(ground.shardUrls[i] ?? '') }))
  const fleet = new Fleet(connections.at(ground.url), shards)
  fleet.follow(['root:consumers', 'root:providers'], signal)
  const sight = new Sight(signal)
  let broker: ServiceProcess | undefined
  try {
    say(`${sizes.providers} providers and ${sizes.consumers} consumers on ${SHARDS.length} shards`)
    const providers = await inTurn(sizes.providers, (i) => fleet.provider(`p-${i}`, CRD, EXPORT, ground.user))
    const consumers = await inTurn(SHARDS.length, (i) => fleet.consumer(`c-${i}`, [BROKERED])) // so that each shard has an endpoint
    broker = await startService({ dir, flags: ground.flags }, 'broker')
    for (const [i, cluster] of providers.entries()) {
      sight.provide({ ...login, server: `${ground.url}/clusters/${cluster}` })
      await offer(fleet, cluster, i)
    }
    for (const cluster of providers) await isReady(fleet, cluster)
    const home = fleet.at(ground.coordinationWorkspace)
    sight.followConsumers(urlsOf(await home.get<EndpointSlice>({ ...ENDPOINT_SLICES, name: BROKERED })), connections)
    const grow = async (to: number) => {
      const from = consumers.length
      consumers.push(...(await inTurn(to - from, (i) => fleet.consumer(`c-${from + i}`, [BROKERED]))))
    }
    const others = { sandbox: sandboxPid, nats: ground.natsPid, bench: process.pid }
    const bench = (pid: number | undefined) =>
      new Bench(fleet, sight, providers.length, { ...others, broker: pid as number })
    const measured = await measure(sizes, consumers, grow, bench(broker.pid), broker.http, say)
    await broker.stop()
    const { pid, end } = await startFloor(ground, BROKERED, EXPORT, providers)
    const floor = await bench(pid).run(consumers, sizes.objectsEach, sizes.objectsEach + FLOOR_OBJECTS_EACH, 0)
    await end()
    say(`${floor.objects} objects by the floor: ${rate(floor)}`)
    return { ...measured, floor }
  } finally {
    stopping.abort()
    connections.close()
    await broker?.stop()
    await stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(
  sizes: ScaleSizes,
  consumers: readonly string[],
  grow: (to: number) => Promise<void>,
  bench: Bench,
  http: string,
  say: (line: string) => void,
): Promise<Omit<ScaleFigures, 'floor'>> {
  const firstObject: number[] = []
  for (let i = 0; i < sizes.firstObjects; i++) {
    await grow(consumers.length + 1)
    firstObject.push(await bench.first(consumers.length - 1, consumers.at(-1) as string))
  }
  const fewer = Math.max(consumers.length, sizes.consumers / 10)
  await grow(fewer)
  await bench.run(consumers, 0, 1, 0) // every consumer has its staging workspace from here on
  const tenth = await bench.run(consumers, 1, sizes.objectsEach, 0)
  const footprints = [await bench.footprint(http, consumers.length)]
  say(`${tenth.objects} objects of ${fewer} consumers: ${rate(tenth)}`)
  for (const share of [0.3, 1]) {
    await grow(Math.max(consumers.length, sizes.consumers * share))
    await bench.run(consumers, 0, 1, fewer)
    if (share < 1) footprints.push(await bench.footprint(http, consumers.length))
  }
  const rest = await bench.run(consumers, 1, sizes.objectsEach, fewer)
  say(`${rest.objects} objects of ${consumers.length - fewer} more: ${rate(rest)}`)
  footprints.push(await bench.footprint(http, consumers.length))
  return { sizes, firstObject: firstObject.sort((a, b) => a - b), tenth, rest, footprints }
}

const rate = ({ objects, placed }: Step): string => `${(objects / placed).toFixed(0)} placed a second`

/** Provider `i` takes the objects of region `i`. */
async function offer(fleet: Fleet, cluster: string, i: number): Promise<void> {
  const { apiVersion, kind } = AcceptAPI
  const spec = { gvr: THING, apiExportName: EXPORT, filters: [{ key: 'region', valueIn: [`r${i}`] }] }
  const body = { apiVersion, kind, metadata: { name: 'things' }, spec }
  await fleet.at(cluster).apply({ ...AcceptAPI.resource, name: 'things' }, body, { force: true })
}

async function isReady(fleet: Fleet, cluster: string): Promise<void> {
  type Offer = { status?: { conditions?: { type: string; status: string }[] } }
  await waitFor(
    `the offer of ${cluster} is Ready`,
    async () => {
      const { status } = await fleet.at(cluster).get<Offer>({ ...AcceptAPI.resource, name: 'things' })
      return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    },
    { timeoutMs: 120_000 },
  )
}

/** When copies and answers were first seen, by the consumer's logical cluster and the object's name; providers answer at once. */
class Sight {
  readonly copies = new Map<string, number>()
  readonly answers = new Map<string, number>()
  readonly #signal: AbortSignal
  #changed = Promise.withResolvers<void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Looks at the consumers behind these virtual workspaces. */
  followConsumers(urls: readonly string[], connections: Connections): void {
    const upsert = (object: WatchedObject) => {
      const { metadata, status } = object as Thing
      if (status?.status === 'Available') this.#note(this.answers, clusterOf(object), metadata.name)
    }
    for (const url of urls) {
      const everywhere = connections.at(url).below('/clusters/*')
      watchResource(everywhere, { ...THING, clusterOf }, { upsert, delete: () => undefined }, { signal: this.#signal })
    }
  }

  /** Looks at the copies behind a provider's export, and answers them as its controller would. */
  provide(home: Endpoint): void {
    const upsert = (object: WatchedObject, at: BoundCluster) => {
      const { metadata, status } = object as Thing
      const notes = metadata.annotations ?? {}
      this.#note(this.copies, notes[annotations.consumerCluster] ?? '', metadata.name)
      if (status === undefined) void this.#answer(at, metadata)
    }
    watchExport(home, { ...THING, slice: EXPORT }, { upsert, delete: () => undefined }, { signal: this.#signal })
  }

  async until(what: 'copies' | 'answers', objects: readonly Object[]): Promise<number> {
    const times = this[what]
    const late = setTimeout(() => this.#changed.reject(new Error(`${what} did not arrive in time`)), PATIENCE_MS)
    for (const object of objects) while (!times.has(idOf(object))) await this.#changed.promise
    clearTimeout(late)
    return Math.max(...objects.map((object) => times.get(idOf(object)) ?? 0))
  }

  async #answer({ client }: BoundCluster, { namespace = '', name }: Thing['metadata']): Promise<void> {
    const patch = { status: { status: 'Available' } }
    await client.mergePatch({ ...THING, namespace, name }, patch, { subresource: 'status' })
  }

  #note(times: Map<string, number>, cluster: string, name: string): void {
    const id = idOf({ cluster, name })
    if (times.has(id)) return
    times.set(id, performance.now())
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

const idOf = ({ cluster, name }: { cluster: string; name: string }): string => `${cluster}/${name}`

/** Creates objects and waits for what becomes of them. */
class Bench {
  readonly #fleet: Fleet
  readonly #sight: Sight
  readonly #providers: number
  readonly #pids: Record<Who, number>

  constructor(fleet: Fleet, sight: Sight, providers: number, pids: Record<Who, number>) {
    this.#fleet = fleet
    this.#sight = sight
    this.#providers = providers
    this.#pids = pids
  }

  /** The first object of the `i`th consumer: milliseconds until its copy was seen. */
  async first(i: number, cluster: string): Promise<number> {
    const began = performance.now()
    const object = await this.#create(i, { cluster, name: 'o-0' })
    const placed = await this.#sight.until('copies', [object])
    await this.#sight.until('answers', [object])
    return placed - began
  }

  /** Objects `o-<from>` to `o-<to - 1>` of all consumers from `skip` on, many at once; those that are there stay. */
  async run(consumers: readonly string[], from: number, to: number, skip: number): Promise<Step> {
    const objects = range(from, to).flatMap((k) =>
      consumers.slice(skip).map((cluster, i) => ({ i: skip + i, cluster, name: `o-${k}` })),
    )
    const missing = objects.filter((object) => !this.#sight.copies.has(idOf(object)))
    const [began, before] = [performance.now(), this.#cpu()]
    await atMost(IN_FLIGHT, missing.length, (n) => {
      const { i, ...object } = missing[n] as (typeof missing)[number]
      return this.#create(i, object)
    })
    const placed = await this.#sight.until('copies', missing)
    const answered = await this.#sight.until('answers', missing)
    const seconds = (at: number) => Math.max(0, at - began) / 1_000
    return {
      objects: missing.length,
      placed: seconds(placed),
      answered: seconds(answered),
      cpuMs: combine(this.#cpu(), before, (now, then) => now - then),
    }
  }

  #cpu(): Record<Who, number> {
    return combine(this.#pids, this.#pids, (pid) => cpuMs([pid]))
  }

  /** Open sockets are connections: those of watches, one each, and those that requests share. */
  async footprint(http: string, consumers: number): Promise<Footprint> {
    const pid = this.#pids.broker
    const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(`/proc/${pid}/fd/${fd}`))
    const metrics = await (await fetch(`http://${http}/metrics`)).text()
    const watches = Number(/^broker_watches (\d+)$/m.exec(metrics)?.[1])
    return { consumers, memory: memoryOf([pid]), watches, sockets: open.length }
  }

  /** A consumer's objects go to one provider, so that it has one staging workspace. */
  async #create(i: number, object: Object): Promise<Object> {
    const { apiVersion, kind } = { apiVersion: `${THING.group}/${THING.version}`, kind: 'Thing' }
    const spec = { region: `r${i % this.#providers}`, fqdn: `${object.name}.bench.corp`, replicas: 3 }
    const body = { apiVersion, kind, metadata: { name: object.name }, spec }
    await this.#fleet.directly(object.cluster).create({ ...THING, namespace: 'default' }, body)
    return object
  }
}

/** Two records, figure by figure. */
export function combine<K extends string>(
  first: Record<K, number>,
  second: Record<K, number>,
  by: (a: number, b: number) => number,
): Record<K, number> {
  const names = Object.keys(first) as K[]
  return Object.fromEntries(names.map((name) => [name, by(first[name], second[name])])) as Record<K, number>
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:')
  } catch {
    return false // closed since it was listed
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** Runs `make` for 0 to `count` - 1, several at once; answers in that order. */
async function inTurn<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  await atMost(AT_ONCE, count, async (i) => {
    made[i] = await make(i)
  })
  return made
}

async function atMost(lanes: number, count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
