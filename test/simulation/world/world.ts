import { SeededRandom } from '../../support/seeded-random.ts'
import { collectGarbage } from '../actors/garbage-collector.ts'
import { OfferKeeper } from '../actors/offers.ts'
import { Operator } from '../actors/operator.ts'
import { actOnThing } from '../actors/user.ts'
import { quietLogger } from '../broker/quiet-logger.ts'
import { PARTITIONS, Replica, type Surroundings } from '../broker/replica.ts'
import { BucketStore } from '../bus/simulated-bucket.ts'
import { SimulatedStream } from '../bus/state-stream.ts'
import { Invariants } from '../checks/invariants.ts'
import { ApiServer, type Change } from '../server/api-server.ts'
import { aboutOf, CONSUMER, PROVIDERS, serverOf } from './places.ts'
import { Process } from './process.ts'
import { Story } from './story.ts'
import type { Violation } from './violation.ts'
import { running, VirtualTime } from './virtual-time.ts'
import { delayOf, fair, fateOf, type Weather, weatherOf } from './weather.ts'

const REPLICAS = ['red', 'blue'] as const
const NAMES = ['apple', 'birch', 'cedar'] as const
/** Who was not heard of for so long is not counted as alive by the others. */
const UNHEARD_MS = 3_000

/** All that there is in one simulated world, and what happens in it by chance. */
export class World {
  readonly time = new VirtualTime()
  readonly story = new Story(() => this.time.elapsed)
  readonly random: SeededRandom
  readonly servers: ReadonlyMap<string, ApiServer>
  readonly stream: SimulatedStream
  readonly offers: BucketStore
  readonly operators: Operator[] = []
  readonly keepers = new Map<string, OfferKeeper>()
  readonly violations: Violation[] = []
  weather: Weather
  /** Milliseconds since the beginning at which a replica last wrote something. */
  lastWrite = 0
  readonly #replicas = new Map<string, { replica: Replica; process: Process; since: number }>()
  readonly #away = new Set<string>()
  readonly #chance: { wire: SeededRandom; bus: SeededRandom; events: SeededRandom }
  #actor = 'the world'

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.weather = weatherOf(this.random)
    this.#chance = { wire: this.random.fork(), bus: this.random.fork(), events: this.random.fork() }
    const clockOff = () => this.random.between(-1, 1) * this.weather.clockOffMs
    const names = ['platform', CONSUMER, ...PROVIDERS]
    this.servers = new Map(
      names.map((name) => {
        const off = clockOff()
        return [name, new ApiServer(name, () => this.time.now + off)]
      }),
    )
    const delay = () => delayOf(this.weather, this.#chance.bus)
    this.stream = new SimulatedStream({
      time: this.time,
      random: this.#chance.bus,
      delay,
      handedOver: (subscription) => this.story.tell('bus', `${subscription} loses its owner`),
    })
    this.offers = new BucketStore(this.time, delay)
  }

  /** Replicas and providers begin; users come. */
  start(): void {
    const invariants = new Invariants({
      servers: this.servers,
      capacityOf: (provider) => this.capacityOf(provider),
      violated: (violation) => this.#violated(violation),
    })
    serverOf(this.servers, 'platform').handle({
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: {},
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }),
    })
    for (const server of this.servers.values()) server.follow((change) => this.#tell(server, change, invariants))
    collectGarbage({
      time: this.time,
      server: serverOf(this.servers, CONSUMER),
      acts: (run) => this.as('collector', run),
    })
    for (const provider of PROVIDERS) this.#startProvider(provider)
    for (const name of REPLICAS) this.#boot(name)
    for (const name of NAMES.slice(0, this.weather.users))
      this.#again(this.weather.actEveryMs, `user`, () =>
        actOnThing(serverOf(this.servers, CONSUMER), name, this.#chance.events),
      )
    this.#again(this.weather.actEveryMs * 2, 'provider', () =>
      this.keepers.get(this.#chance.events.pick(PROVIDERS))?.act(),
    )
    this.#again(this.weather.actEveryMs * 3, 'operator', () => this.#chance.events.pick(this.operators).rotate())
    if (Number.isFinite(this.weather.faultEveryMs))
      this.#again(this.weather.faultEveryMs, 'the world', () => this.#fault())
    this.time.after(this.weather.troubleMs, () => this.#clearUp())
  }

  capacityOf(provider: string): number | undefined {
    return this.keepers.get(provider)?.capacity
  }

  get isTroubled(): boolean {
    return this.time.elapsed < this.weather.troubleMs
  }

  /** What `who` does in `run` is told as theirs. */
  as<T>(who: string, run: () => T): T {
    const before = this.#actor
    this.#actor = who
    try {
      return run()
    } finally {
      this.#actor = before
    }
  }

  #startProvider(provider: string): void {
    const server = serverOf(this.servers, provider)
    const keeper = new OfferKeeper(server, this.random.fork())
    this.keepers.set(provider, keeper)
    const acts = (run: () => void) => this.as(`op-${provider}`, run)
    this.operators.push(
      new Operator({ time: this.time, server, random: this.random.fork(), isTroubled: () => this.isTroubled, acts }),
    )
    this.time.after(this.random.next() * 2_000, () => this.as('provider', () => keeper.offer()))
  }

  /** Does something at random times, until the trouble is over. */
  #again(everyMs: number, who: string, act: () => void): void {
    this.time.after(this.#chance.events.next() * everyMs, () => {
      if (!this.isTroubled) return
      this.as(who, act)
      this.#again(everyMs, who, act)
    })
  }

  #boot(name: string): void {
    const process = new Process(name, this.#chance.events.between(-1, 1) * this.weather.clockOffMs)
    const replica = running.run(process, () => new Replica(process, this.#around()))
    this.#replicas.set(name, { replica, process, since: this.time.elapsed })
    for (const provider of this.#away) running.run(process, () => replica.clusters.setAway(provider, true))
    running.run(process, () => void replica.start())
  }

  #around(): Surroundings {
    return {
      time: this.time,
      servers: this.servers,
      consumers: [CONSUMER],
      providers: [...PROVIDERS],
      stream: this.stream,
      offers: this.offers,
      busDelay: () => delayOf(this.weather, this.#chance.bus),
      isBusAnswerLost: () => this.#chance.bus.chance(this.weather.busLost),
      alive: (asking) => this.#alive(asking),
      logger: (process) =>
        quietLogger((level, fields, message) => {
          if (level !== 'debug') this.story.tell(process.name, `· ${message} ${JSON.stringify(fields)}`)
        }),
      wire: {
        time: this.time,
        fate: () => fateOf(this.weather, this.#chance.wire),
        acts: (who) => {
          this.#actor = who?.name ?? 'the world'
        },
        handled: (server, who, { method, path }, status) => {
          if (status >= 400 && method !== 'GET')
            this.story.tell(who?.name ?? '', `${method} ${server.name} ${path.split('?')[0]}: ${status}`)
        },
      },
    }
  }

  #alive(asking: Process): string[] {
    const counts = ({ process, since }: { process: Process; since: number }) =>
      process === asking || process.state === 'running' || this.time.elapsed - since < UNHEARD_MS
    return [...this.#replicas.values()].filter(counts).map(({ process }) => process.name)
  }

  #fault(): void {
    const { events } = this.#chance
    const faults = [
      () => this.#crash(events.pick(REPLICAS)),
      () => this.#freeze(events.pick(REPLICAS), events.between(500, 15_000)),
      () => this.#unpin(),
      () => this.#unpin(),
      () => this.#leavePartition(events.pick(REPLICAS)),
      () => this.#wipe(),
      () => this.#trouble(events.pick([...this.servers.values()]), events.between(500, 12_000)),
      () => this.#leave(events.pick(PROVIDERS), events.between(500, 12_000)),
    ]
    events.pick(faults)()
  }

  #crash(name: string): void {
    const life = this.#replicas.get(name)
    if (life === undefined || life.process.isDead) return
    life.process.state = 'dead'
    life.since = this.time.elapsed
    this.story.tell('the world', `kills ${name}`)
    this.stream.silent(life.process)
    this.time.after(this.#chance.events.between(100, 12_000), () => {
      this.story.tell('the world', `starts ${name}`)
      this.#boot(name)
    })
  }

  #freeze(name: string, ms: number): void {
    const life = this.#replicas.get(name)
    if (life?.process.state !== 'running') return
    const { process } = life
    process.state = 'frozen'
    life.since = this.time.elapsed
    this.story.tell('the world', `freezes ${name}`)
    this.stream.silent(process)
    this.time.after(ms, () => {
      if (process.state !== 'frozen') return
      this.story.tell('the world', `thaws ${name}`)
      process.state = 'running'
      for (const task of process.held.splice(0)) this.time.after(0, task)
    })
  }

  #unpin(): void {
    const { subscriptions } = this.stream
    if (subscriptions.length > 0) this.stream.unpin(this.#chance.events.pick(subscriptions))
  }

  #leavePartition(name: string): void {
    const life = this.#replicas.get(name)
    if (life?.process.state !== 'running') return
    this.story.tell('the world', `lets ${name} leave a partition to the other`)
    const partition = this.#chance.events.between(0, PARTITIONS - 1)
    running.run(life.process, () => life.replica.leave(partition))
  }

  #wipe(): void {
    this.story.tell('the world', 'wipes the streams')
    this.stream.wipe()
    this.offers.wipe()
  }

  #trouble(server: ApiServer, ms: number): void {
    if (server.trouble !== undefined) return
    this.story.tell('the world', `cuts ${server.name} off`)
    server.setTrouble('cut off')
    this.time.after(ms, () => {
      this.story.tell('the world', `connects ${server.name}`)
      server.setTrouble(undefined)
    })
  }

  #leave(provider: string, ms: number): void {
    if (this.#away.has(provider)) return
    this.#setAway(provider, true)
    this.time.after(ms, () => this.#setAway(provider, false))
  }

  #setAway(provider: string, isAway: boolean): void {
    this.story.tell(
      'the world',
      isAway ? `takes the kubeconfig of ${provider} away` : `gives the kubeconfig of ${provider} back`,
    )
    if (isAway) this.#away.add(provider)
    else this.#away.delete(provider)
    for (const { replica, process } of this.#replicas.values()) {
      this.time.after(this.#chance.events.next() * 300, () => replica.clusters.setAway(provider, isAway), process)
    }
  }

  /** The last fault was; what is missing of what users may expect to be there is made. */
  #clearUp(): void {
    this.story.tell('the world', 'no more faults')
    this.weather = { ...fair(this.weather), troubleMs: this.weather.troubleMs }
  }

  #tell(server: ApiServer, change: Change, invariants: Invariants): void {
    const { place, entry, type } = change
    const who = this.#actor
    const byBroker = (REPLICAS as readonly string[]).includes(who)
    if (byBroker) this.lastWrite = this.time.elapsed
    const about = aboutOf(place.resource, entry.object)
    if (place.resource !== 'events')
      this.story.tell(
        who,
        `${wordOf(change)} ${server.name} ${place.resource.split('.')[0]}/${place.name} ${detailsOf(change)}`,
        about,
      )
    if (type !== undefined) invariants.check(server, change, byBroker)
  }

  #violated(violation: Violation): void {
    this.story.tell('VIOLATION', `${violation.rule}: ${violation.message}`, violation.about)
    this.violations.push(violation)
  }
}

function wordOf({ type, entry, before }: Change): string {
  if (type === 'ADDED') return 'creates'
  if (type === 'DELETED') return 'removes'
  const isLeaving = entry.object.metadata.deletionTimestamp !== undefined
  return isLeaving && before?.object.metadata.deletionTimestamp === undefined ? 'deletes' : 'changes'
}

/** What of an object matters to who reads a story: its identity, and what changed. */
function detailsOf({ entry: { object }, before }: Change): string {
  const { uid, resourceVersion, finalizers } = object.metadata
  const changed = Object.entries(object).filter(
    ([name, value]) =>
      !['metadata', 'apiVersion', 'kind'].includes(name) &&
      JSON.stringify(value) !== JSON.stringify(before?.object[name]),
  )
  const guards =
    JSON.stringify(finalizers) === JSON.stringify(before?.object.metadata.finalizers)
      ? ''
      : ` finalizers=${finalizers ?? 'none'}`
  const text = changed.map(([name, value]) => `${name}=${short(value)}`).join(' ')
  return `(${uid}@${resourceVersion})${guards} ${text}`
}

function short(value: unknown): string {
  const {
    decision: _reasons,
    conditions,
    ...others
  } = (typeof value === 'object' && value !== null ? value : { value }) as Record<string, unknown>
  const said = Array.isArray(conditions)
    ? conditions
        .map((c: { type: string; status: string; reason: string }) => `${c.type}=${c.status}(${c.reason})`)
        .join(',')
    : ''
  return `${JSON.stringify(others).slice(0, 400)}${said === '' ? '' : ` [${said}]`}`
}
