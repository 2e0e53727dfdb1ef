import { AcceptAPI, assignmentName, copyName, keyOf, Provider, providerName } from '@resource-broker/api'
import type { Logger } from '../../../packages/service/src/logger.ts'
import { ask } from '../../simulation/actors/ask.ts'
import { quietLogger } from '../../simulation/broker/quiet-logger.ts'
import { type Connected, Replica, type Surroundings } from '../../simulation/broker/replica.ts'
import { BucketStore } from '../../simulation/bus/simulated-bucket.ts'
import { SimulatedStream } from '../../simulation/bus/state-stream.ts'
import type { ApiServer } from '../../simulation/server/api-server.ts'
import type { Place, StoredObject } from '../../simulation/server/objects.ts'
import type { Sent } from '../../simulation/server/request.ts'
import type { WireOptions } from '../../simulation/server/wire.ts'
import { Process } from '../../simulation/world/process.ts'
import { takeClocks } from '../../simulation/world/take-clocks.ts'
import { running, VirtualTime } from '../../simulation/world/virtual-time.ts'
import type { ServiceName } from '../../support/broker.ts'
import type { Injected } from '../../support/injections.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import type { Asked, AskedBy } from './asked.ts'
import { KcpLand } from './land/kcp-land.ts'
import { operate } from './land/operate.ts'
import { PlainLand } from './land/plain-land.ts'
import { GVR, NAMESPACE, THINGS } from './land/things.ts'

/** A line of the broker's log. */
export type Line = { level: string; msg: string } & Record<string, unknown>

export const NAME = 'cell'
const OFFERS = `${AcceptAPI.resource.resource}.${AcceptAPI.resource.group}`
const PROVIDERS = `${Provider.resource.resource}.${Provider.resource.group}`
const KEY = keyOf({ cluster: 'acme', gvr: GVR, namespace: NAMESPACE, name: NAME })
export const COPY = copyName('acme', NAME)
export const ASSIGNMENT = assignmentName(KEY)
/** How long a request is on its way to a server, and its answer back, in milliseconds. */
const ON_ITS_WAY_MS = 5
/** How long a staging workspace that nobody wants stays, in milliseconds. */
const KEEP_STAGING_MS = 2_000
/** What has not happened by then never does, in milliseconds of the world. */
const NEVER_MS = 120_000

export type WorldOptions = {
  /** By how much whose clock is ahead: of a cluster, the `kcp`, or the broker's `replica`. */
  aheadMs?: Readonly<Record<string, number>>
  inKcp?: boolean
  /** There is a compute cluster. */
  isStaged?: boolean
}

/**
 * One replica of the broker with all its services, a consumer and its providers, in time that passes only when nothing is left to be done:
 * `alpha` takes what is small, `beta`, which is not there in a kcp, what is large.
 */
export class FailureWorld {
  readonly log: Line[] = []
  readonly asked: AskedBy[] = []
  readonly #time = new VirtualTime()
  readonly #land: PlainLand | KcpLand
  readonly #giveBack: () => void
  readonly #aheadMs: Readonly<Record<string, number>>
  readonly #followers: (() => void)[] = []
  #rule: (asked: Asked) => Injected | undefined = () => undefined

  constructor({ aheadMs = {}, inKcp = false, isStaged = false }: WorldOptions = {}) {
    this.#aheadMs = aheadMs
    this.#giveBack = takeClocks(this.#time, new SeededRandom(1))
    this.#land = inKcp ? new KcpLand(this.#time, aheadMs['kcp']) : new PlainLand(this.#time, aheadMs, isStaged)
    for (const server of this.#land.servers) {
      operate(server, this.#time, (place) => this.#land.holdsCopies(server, place))
      server.follow(() => this.#tell())
    }
  }

  /** Ends it: clocks are the machine's again. */
  end(): void {
    this.#giveBack()
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#time.elapsed
  }

  /** The kcp of a world that has one. */
  get kcp(): KcpLand {
    if (this.#land instanceof KcpLand) return this.#land
    throw new TypeError('this world has no kcp')
  }

  /** What somebody has in a place: `platform`, the consumer `acme`, or a provider. */
  find(at: string, place: Place): StoredObject | undefined {
    const { server, place: there } = this.#land.at(at, place)
    return server.find(there)
  }

  /** What somebody has of one resource. */
  all(at: string, resource: string): StoredObject[] {
    const { server, place } = this.#land.at(at, { resource, name: '' })
    return server.inside(place).map(({ object }) => object)
  }

  /** The broker begins, and knows what is offered. `capacity` is alpha's. */
  async begin(capacity: number | undefined): Promise<void> {
    this.create('platform', { resource: 'namespaces', name: 'kube-system' }, 'v1', 'Namespace')
    this.offer('alpha', 'small', { filters: [{ key: 'size', valueIn: ['small'] }], ...(capacity && { capacity }) })
    const hasTwo = this.#land.providers.includes('beta')
    if (hasTwo) this.offer('beta', 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
    this.boot()
    const areReady = () => this.isReady('alpha', 'small') && (!hasTwo || this.isReady('beta', 'large'))
    await this.until(() => areReady() && this.#areRecorded())
  }

  /** A replica begins, and with it everything that is asked at a start. */
  boot(): void {
    const process = new Process('replica', this.#aheadMs['replica'] ?? 0)
    running.run(process, () => void this.#live(process))
  }

  async #live(process: Process): Promise<void> {
    const { services } = this.#land
    const opened = services.map((service) => this.#land.open(process, this.#wire(service), this.#logger()))
    const connected = await Promise.all(opened)
    const connect = (service: ServiceName) => connected[services.indexOf(service)] as Connected
    await new Replica(process, this.#around(), connect).start()
  }

  /** Has requests answered otherwise from now on. */
  inject(rule: (asked: Asked) => Injected | undefined): void {
    this.#rule = rule
  }

  /** Calls back after whatever may have told somebody something. */
  follow(follower: () => void): void {
    this.#followers.push(follower)
  }

  /** Lets time pass until something is so. @throws if it never is */
  async until(isSo: () => boolean): Promise<void> {
    this.#time.after(0, () => undefined) // what was begun just now has its turn first
    const end = this.#time.elapsed + NEVER_MS
    while (!isSo()) if (!(await this.#time.step(end))) throw new Error(`nothing like ${isSo} for ${NEVER_MS} ms`)
  }

  async pass(ms: number): Promise<void> {
    this.#time.after(0, () => undefined)
    const end = this.#time.elapsed + ms
    while (await this.#time.step(end));
  }

  create(at: string, place: Place, apiVersion: string, kind: string, content: object = {}): void {
    const { name, namespace } = place
    this.#ask(at, 'POST', place, { apiVersion, kind, metadata: { name, namespace }, ...content })
  }

  offer(at: string, name: string, spec: object = {}): void {
    const { apiVersion, kind } = AcceptAPI
    this.create(at, { resource: OFFERS, name }, apiVersion, kind, {
      spec: { gvr: GVR, ...this.#land.offerSpec, ...spec },
    })
  }

  withdraw(at: string, name: string): void {
    this.#ask(at, 'DELETE', { resource: OFFERS, name }, {})
  }

  isReady(at: string, name: string): boolean {
    const status = this.offered(at, name)?.['status'] as Status | undefined
    return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  }

  offered(at: string, name: string): StoredObject | undefined {
    return this.find(at, { resource: OFFERS, name })
  }

  make(spec: object = {}, name = NAME): void {
    this.create('acme', thing(name), 'example.test/v1', 'Thing', { spec: { size: 'small', ...spec } })
  }

  change(spec: object, name = NAME): void {
    this.patch('acme', thing(name), { spec })
  }

  patch(at: string, place: Place, body: object): void {
    this.#ask(at, 'PATCH', place, body)
  }

  delete(at: string, place: Place): void {
    this.#ask(at, 'DELETE', place, {})
  }

  remove(): void {
    this.#ask('acme', 'DELETE', thing(NAME), {})
  }

  /** Takes the broker's finalizer off, as its consumer should not, and deletes the object. */
  wrest(): void {
    this.#ask('acme', 'PATCH', thing(NAME), { metadata: { finalizers: null } })
    this.remove()
  }

  /** Somebody at a provider deletes the copy by hand. */
  deleteCopy(at: string): void {
    this.#ask(at, 'DELETE', thing(COPY), {})
  }

  /** The provider has nothing besides its copy any more. */
  dropSecret(): void {
    this.#ask('alpha', 'PATCH', thing(COPY), { status: { relatedResources: null } }, 'status')
  }

  thing(): (StoredObject & { status?: Status }) | undefined {
    return this.find('acme', thing(NAME)) as (StoredObject & { status?: Status }) | undefined
  }

  /** What the platform has of one resource. */
  records(resource: string): StoredObject[] {
    return this.all('platform', resource)
  }

  secret(): StoredObject | undefined {
    return this.find('acme', { resource: 'secrets', namespace: NAMESPACE, name: `${NAME}-secret` })
  }

  /** What the platform has of a provider. */
  provider(name: string): { status?: Status } | undefined {
    return this.find('platform', { resource: PROVIDERS, name: providerName(name) }) as { status?: Status } | undefined
  }

  /** The platform has no record of a provider any more. */
  forget(name: string): void {
    this.#ask('platform', 'DELETE', { resource: PROVIDERS, name: providerName(name) }, {})
  }

  /** Breaks off the watches of one server. */
  cut(name: string): void {
    const { server } = this.#land.at(name, { resource: '', name: '' })
    server.setTrouble('cut off')
    server.setTrouble(undefined)
  }

  /** Breaks off the watches of one resource, wherever it is. */
  breakOff(resource: string): void {
    for (const server of this.#land.servers) server.breakOff(resource)
  }

  #ask(at: string, verb: Parameters<typeof ask>[1], place: Place, body: object, subresource?: string): void {
    const { server, place: there } = this.#land.at(at, place)
    ask(server, verb, there, body, subresource)
  }

  #areRecorded(): boolean {
    const isConnected = ({ type, status }: Word) => type === 'Reachable' && status === 'True'
    return this.#land.providers.every((name) => this.provider(name)?.status?.conditions?.some(isConnected))
  }

  #around(): Surroundings {
    const time = this.#time
    const busDelay = () => 1
    const stream = new SimulatedStream({
      time,
      random: new SeededRandom(2),
      delay: busDelay,
      handedOver: () => undefined,
    })
    return {
      ...{ time, stream, offers: new BucketStore(time, busDelay), busDelay, isBusAnswerLost: () => false },
      keepMigrationsMs: 60_000,
      keepStagingMs: KEEP_STAGING_MS,
      isWhole: true,
      alive: () => ['replica'],
      logger: () => this.#logger(),
    }
  }

  #logger(): Logger {
    return quietLogger((level, fields, msg) => {
      this.log.push({ level, msg, ...fields })
      this.#tell()
    })
  }

  /** The way to the servers that one service has. */
  #wire(by: ServiceName): Omit<WireOptions, 'server'> {
    return {
      time: this.#time,
      fate: () => ({ thereMs: ON_ITS_WAY_MS, backMs: ON_ITS_WAY_MS }),
      acts: () => undefined,
      handled: () => undefined,
      injected: (server, request) => this.#injected(by, server, request),
    }
  }

  #injected(by: ServiceName, server: ApiServer, request: Sent): Injected | undefined {
    const asked = this.#land.askedOf(server, request)
    this.asked.push({ ...asked, by })
    return this.#rule(asked)
  }

  #tell(): void {
    for (const follower of this.#followers) follower()
  }
}

export type Word = { type: string; status: string; reason: string; message: string }
type Status = { status?: string; conditions?: Word[] }

const thing = (name: string) => ({ resource: THINGS, namespace: NAMESPACE, name })
