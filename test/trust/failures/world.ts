import { AcceptAPI, assignmentName, copyName, keyOf, Provider, providerName } from '@resource-broker/api'
import { ask } from '../../simulation/actors/ask.ts'
import { quietLogger } from '../../simulation/broker/quiet-logger.ts'
import { Replica, type Surroundings } from '../../simulation/broker/replica.ts'
import { BucketStore } from '../../simulation/bus/simulated-bucket.ts'
import { SimulatedStream } from '../../simulation/bus/state-stream.ts'
import { ApiServer, type Served } from '../../simulation/server/api-server.ts'
import type { Place, StoredObject } from '../../simulation/server/objects.ts'
import { parseRequest } from '../../simulation/server/request.ts'
import type { WireOptions } from '../../simulation/server/wire.ts'
import { Process } from '../../simulation/world/process.ts'
import { takeClocks } from '../../simulation/world/take-clocks.ts'
import { running, VirtualTime } from '../../simulation/world/virtual-time.ts'
import type { Injected } from '../../support/injections.ts'
import { SeededRandom } from '../../support/seeded-random.ts'

/** Whose API server is asked. */
type At = 'consumer' | 'provider' | 'platform'
/** A request as the table tells it from others. */
export type Asked = { at: At; method: string; resource: string; subresource: string | undefined }
/** A line of the broker's log. */
export type Line = { level: string; msg: string } & Record<string, unknown>
type Sent = Parameters<NonNullable<WireOptions['injected']>>[1]

export const NAME = 'cell'
const NAMESPACE = 'default'
const GVR = { group: 'example.test', version: 'v1', resource: 'things' }
const THINGS = `${GVR.resource}.${GVR.group}`
const SERVED: Served[] = [
  { group: GVR.group, version: GVR.version, name: GVR.resource, kind: 'Thing', namespaced: true },
]
const OFFERS = `${AcceptAPI.resource.resource}.${AcceptAPI.resource.group}`
const PROVIDERS = `${Provider.resource.resource}.${Provider.resource.group}`
const KEY = keyOf({ cluster: 'acme', gvr: GVR, namespace: NAMESPACE, name: NAME })
export const COPY = copyName('acme', NAME)
export const ASSIGNMENT = assignmentName(KEY)
/** How long a request is on its way to a server, and its answer back, in milliseconds. */
const ON_ITS_WAY_MS = 5
/** What has not happened by then never does, in milliseconds of the world. */
const NEVER_MS = 120_000

/**
 * One replica of the broker with all its services, a consumer and two providers, in time that passes only when nothing is left to be done:
 * `alpha` takes what is small, `beta` what is large.
 */
export class FailureWorld {
  readonly log: Line[] = []
  readonly asked: Asked[] = []
  readonly #time = new VirtualTime()
  readonly #servers: ReadonlyMap<string, ApiServer>
  readonly #giveBack: () => void
  readonly #aheadMs: Readonly<Record<string, number>>
  readonly #followers: (() => void)[] = []
  #rule: (asked: Asked) => Injected | undefined = () => undefined

  /** `aheadMs`: by how much whose clock is ahead; `replica` is the broker's. */
  constructor(aheadMs: Readonly<Record<string, number>> = {}) {
    this.#aheadMs = aheadMs
    this.#giveBack = takeClocks(this.#time, new SeededRandom(1))
    const names = ['platform', 'acme', 'alpha', 'beta']
    this.#servers = new Map(
      names.map((name) => [name, new ApiServer(name, () => this.#time.now + (aheadMs[name] ?? 0), SERVED)]),
    )
    for (const provider of ['alpha', 'beta']) this.#operate(this.server(provider))
    for (const server of this.#servers.values()) server.follow(() => this.#tell())
  }

  /** Ends it: clocks are the machine's again. */
  end(): void {
    this.#giveBack()
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#time.elapsed
  }

  server(name: string): ApiServer {
    return this.#servers.get(name) as ApiServer
  }

  /** The broker begins, and knows what is offered. `capacity` is alpha's. */
  async begin(capacity: number | undefined): Promise<void> {
    this.create('platform', { resource: 'namespaces', name: 'kube-system' }, 'v1', 'Namespace')
    this.offer('alpha', 'small', { filters: [{ key: 'size', valueIn: ['small'] }], ...(capacity && { capacity }) })
    this.offer('beta', 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
    this.boot()
    await this.until(() => this.isReady('alpha', 'small') && this.isReady('beta', 'large') && this.#areRecorded())
  }

  /** A replica begins, and with it everything that is asked at a start. */
  boot(): void {
    const process = new Process('replica', this.#aheadMs['replica'] ?? 0)
    const replica = running.run(process, () => new Replica(process, this.#around()))
    running.run(process, () => void replica.start())
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
    ask(this.server(at), 'POST', place, { apiVersion, kind, metadata: { name, namespace }, ...content })
  }

  offer(at: string, name: string, spec: object = {}): void {
    const { apiVersion, kind } = AcceptAPI
    this.create(at, { resource: OFFERS, name }, apiVersion, kind, { spec: { gvr: GVR, ...spec } })
  }

  isReady(at: string, name: string): boolean {
    const status = this.server(at).find({ resource: OFFERS, name })?.['status'] as Status | undefined
    return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  }

  offered(at: string, name: string): StoredObject | undefined {
    return this.server(at).find({ resource: OFFERS, name })
  }

  make(spec: object = {}, name = NAME): void {
    this.create('acme', thing(name), 'example.test/v1', 'Thing', { spec: { size: 'small', ...spec } })
  }

  change(spec: object): void {
    ask(this.server('acme'), 'PATCH', thing(NAME), { spec })
  }

  remove(): void {
    ask(this.server('acme'), 'DELETE', thing(NAME), {})
  }

  /** Takes the broker's finalizer off, as its consumer should not, and deletes the object. */
  wrest(): void {
    ask(this.server('acme'), 'PATCH', thing(NAME), { metadata: { finalizers: null } })
    this.remove()
  }

  /** Somebody at a provider deletes the copy by hand. */
  deleteCopy(at: string): void {
    ask(this.server(at), 'DELETE', thing(COPY), {})
  }

  /** The provider has nothing besides its copy any more. */
  dropSecret(): void {
    ask(this.server('alpha'), 'PATCH', thing(COPY), { status: { relatedResources: null } }, 'status')
  }

  thing(): (StoredObject & { status?: Status }) | undefined {
    return this.server('acme').find(thing(NAME)) as (StoredObject & { status?: Status }) | undefined
  }

  /** What the platform has of one resource. */
  records(resource: string): StoredObject[] {
    return this.server('platform')
      .all(resource)
      .map(({ object }) => object)
  }

  secret(): StoredObject | undefined {
    return this.server('acme').find({ resource: 'secrets', namespace: NAMESPACE, name: `${NAME}-secret` })
  }

  /** What the platform has of a provider. */
  provider(name: string): { status?: Status } | undefined {
    return this.server('platform').find({ resource: PROVIDERS, name: providerName(name) }) as
      | { status?: Status }
      | undefined
  }

  /** The platform has no record of a provider any more. */
  forget(name: string): void {
    ask(this.server('platform'), 'DELETE', { resource: PROVIDERS, name: providerName(name) }, {})
  }

  /** Breaks off the watches of one server. */
  cut(name: string): void {
    this.server(name).setTrouble('cut off')
    this.server(name).setTrouble(undefined)
  }

  #areRecorded(): boolean {
    const isConnected = ({ type, status }: Word) => type === 'Reachable' && status === 'True'
    return ['alpha', 'beta'].every((name) => this.provider(name)?.status?.conditions?.some(isConnected))
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
      ...{ time, servers: this.#servers, consumers: ['acme'], providers: ['alpha', 'beta'] },
      ...{ stream, offers: new BucketStore(time, busDelay), busDelay, isBusAnswerLost: () => false },
      keepMigrationsMs: 60_000,
      isWhole: true,
      alive: () => ['replica'],
      logger: () =>
        quietLogger((level, fields, msg) => {
          this.log.push({ level, msg, ...fields })
          this.#tell()
        }),
      wire: {
        time,
        fate: () => ({ thereMs: ON_ITS_WAY_MS, backMs: ON_ITS_WAY_MS }),
        acts: () => undefined,
        handled: () => undefined,
        injected: (server, request) => this.#injected(server.name, request),
      },
    }
  }

  #injected(server: string, request: Sent): Injected | undefined {
    const asked = askedOf(server, request)
    this.asked.push(asked)
    return this.#rule(asked)
  }

  #tell(): void {
    for (const follower of this.#followers) follower()
  }

  /** A provider's own operator: makes each Thing Available at once, and where its spec wants one a Secret beside it. */
  #operate(server: ApiServer): void {
    server.follow(({ place, type, entry: { object } }) => {
      const said = object['status'] as { observedGeneration?: number } | undefined
      if (place.resource !== THINGS || type === 'DELETED' || object.metadata.deletionTimestamp !== undefined) return
      if (said?.observedGeneration !== object.metadata.generation)
        this.#time.after(1, () => this.#say(server, place, object))
    })
  }

  #say(
    server: ApiServer,
    place: Place,
    { metadata: { generation: observedGeneration }, ...object }: StoredObject,
  ): void {
    const { secret, value = '' } = object['spec'] as { secret?: boolean; value?: unknown }
    const credentials = { resource: 'secrets', namespace: NAMESPACE, name: `${place.name}-secret` }
    const data = { data: { value: Buffer.from(String(value)).toString('base64') } }
    const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
    const { namespace, name } = credentials
    if (secret && server.find(credentials) !== undefined) ask(server, 'PATCH', credentials, data)
    else if (secret) this.create(server.name, credentials, 'v1', 'Secret', { type: 'Opaque', ...data })
    const related = secret ? { relatedResources: { secret: { namespace, name, gvk } } } : {}
    ask(server, 'PATCH', place, { status: { status: 'Available', observedGeneration, ...related } }, 'status')
  }
}

export type Word = { type: string; status: string; reason: string; message: string }
type Status = { status?: string; conditions?: Word[] }

const thing = (name: string) => ({ resource: THINGS, namespace: NAMESPACE, name })

function askedOf(server: string, sent: Sent): Asked {
  const { method, place, subresource, isDiscovery } = parseRequest(sent)
  const at = server === 'platform' ? 'platform' : server === 'acme' ? 'consumer' : 'provider'
  const isCollection = method === 'GET' && place.name === ''
  const verb = isDiscovery ? 'DISCOVER' : isCollection ? 'WATCH' : method
  return { at, method: verb, resource: isDiscovery ? '' : (place.resource.split('.')[0] ?? ''), subresource }
}
