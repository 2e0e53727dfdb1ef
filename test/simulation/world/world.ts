import type { MoveLimits } from '../../../services/migration-coordinator/src/turns/limits.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { deleteRecords, makeBadRecords } from '../actors/admin.ts'
import { answerMoves, makeProviders } from '../actors/approver.ts'
import { configureMoves } from '../actors/configure-moves.ts'
import { collectGarbage } from '../actors/garbage-collector.ts'
import { COMPUTE_SERVES, runJobs } from '../actors/job-runner.ts'
import { Neighbour } from '../actors/neighbour.ts'
import { OfferKeeper } from '../actors/offers.ts'
import { Operator } from '../actors/operator.ts'
import { actOnThing, putThing, remakeThing } from '../actors/user.ts'
import { quietLogger } from '../broker/quiet-logger.ts'
import type { Surroundings } from '../broker/replica.ts'
import type { PlainSurroundings } from '../broker/simulated-clusters.ts'
import { BucketStore } from '../bus/simulated-bucket.ts'
import { SimulatedStream } from '../bus/state-stream.ts'
import { Failovers } from '../checks/failovers.ts'
import { Invariants } from '../checks/invariants.ts'
import { QuotaChecks } from '../checks/quotas.ts'
import { StageEffects } from '../checks/stages.ts'
import { UnapprovedMoves } from '../checks/unapproved-moves.ts'
import { ApiServer, type Change } from '../server/api-server.ts'
import type { StoredObject } from '../server/objects.ts'
import { Ambush } from './ambush.ts'
import {
  AWAY_EVERY_MS,
  absenceOf,
  askForFailover,
  type FailoverSpec,
  failoverOf,
  LATE_MS,
  whoLeaves,
} from './failover.ts'
import { Faults } from './faults.ts'
import { Lives } from './lives.ts'
import { Orders } from './orders.ts'
import { aboutOf, aboutRequest, COMPUTE, CONSUMER, PROVIDERS, resources, serverOf } from './places.ts'
import { changeQuota, hasQuotas, QUOTA_EVERY_MS } from './quotas.ts'
import { Story } from './story.ts'
import { detailsOf, wordOf } from './told.ts'
import type { Violation } from './violation.ts'
import { VirtualTime } from './virtual-time.ts'
import { delayOf, fair, fateOf, moveLimitsOf, type Weather, weatherOf, withoutApprovalOf } from './weather.ts'

const REPLICAS = ['red', 'blue'] as const
const NAMES = ['apple', 'birch', 'cedar'] as const
/** How many worlds have a platform that orders. */
const ORDERED = 0.3
/** How many have somebody who deletes records of the broker's, and how often at most. */
const CLUMSY = 0.1
const CLUMSY_EVERY_MS = 20_000

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
  /** How many moves may run at once. */
  readonly moveLimits: MoveLimits
  /** Milliseconds since the beginning at which a replica last wrote something. */
  lastWrite = 0
  readonly #lives: Lives
  readonly #faults: Faults
  readonly #ambush: Ambush
  readonly #neighbour: Neighbour
  /** In some worlds the platform has providers take nothing. */
  readonly #orders: { given: Orders; random: SeededRandom } | undefined
  /** In some a policy has objects leave providers that are away. */
  readonly #failover: { spec: FailoverSpec; random: SeededRandom } | undefined
  /** In some the platform says how many objects are placed. */
  readonly #quotas: SeededRandom | undefined
  /** In some somebody deletes records of the broker's by hand. */
  readonly #clumsy: SeededRandom | undefined
  readonly #chance: Record<'wire' | 'bus' | 'events' | 'ambush' | 'approvals', SeededRandom>
  #actor = 'the world'

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.weather = weatherOf(this.random)
    this.moveLimits = moveLimitsOf(new SeededRandom(seed ^ 0x2a2a2a2a), this.weather)
    this.#chance = {
      wire: this.random.fork(),
      bus: this.random.fork(),
      events: this.random.fork(),
      ambush: new SeededRandom(~seed),
      approvals: new SeededRandom(seed ^ 0x3c3c3c3c),
    }
    const clockOff = () => this.random.between(-1, 1) * this.weather.clockOffMs
    const names = ['platform', CONSUMER, ...PROVIDERS]
    const servers = names.map((name) => {
      const off = clockOff()
      return [name, new ApiServer(name, () => this.time.now + off)] as const
    })
    const compute = [COMPUTE, new ApiServer(COMPUTE, () => this.time.now, COMPUTE_SERVES)] as const
    this.servers = new Map(this.weather.isStaged ? [...servers, compute] : servers)
    const delay = () => delayOf(this.weather, this.#chance.bus)
    this.stream = new SimulatedStream({
      time: this.time,
      random: this.#chance.bus,
      delay,
      handedOver: (subscription) => this.story.tell('bus', `${subscription} loses its owner`),
    })
    this.offers = new BucketStore(this.time, delay)
    this.#lives = new Lives({
      time: this.time,
      story: this.story,
      stream: this.stream,
      random: this.#chance.events,
      clockOffMs: this.weather.clockOffMs,
      around: () => this.#around(),
    })
    this.#faults = new Faults({
      ...{ time: this.time, story: this.story, servers: this.servers, stream: this.stream, offers: this.offers },
      ...{ lives: this.#lives, replicas: REPLICAS, chance: this.#chance },
      as: (who, run) => this.as(who, run),
    })
    this.#ambush = this.#laid()
    const atProviders = PROVIDERS.map((provider) => serverOf(this.servers, provider))
    this.#neighbour = new Neighbour(atProviders, NAMES, this.#chance.ambush)
    this.#orders = this.#ordered(new SeededRandom(seed ^ 0x3d3d3d3d))
    const random = new SeededRandom(seed ^ 0x3e3e3e3e)
    const spec = failoverOf(random, this.#orders !== undefined)
    this.#failover = spec && { spec, random }
    const quotas = new SeededRandom(seed ^ 0x3f3f3f3f)
    this.#quotas = hasQuotas(quotas) ? quotas : undefined
    const clumsy = new SeededRandom(seed ^ 0x40404040)
    this.#clumsy = clumsy.chance(CLUMSY) ? clumsy : undefined
  }

  /** Replicas and providers begin; users come. */
  start(): void {
    const invariants = new Invariants({
      servers: this.servers,
      capacityOf: (provider) => this.capacityOf(provider),
      moveLimits: this.moveLimits,
      closed: () => this.#orders?.given.closed ?? [],
      violated: (violation) => this.#violated(violation),
    })
    serverOf(this.servers, 'platform').handle({
      method: 'POST',
      path: '/api/v1/namespaces',
      headers: {},
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }),
    })
    for (const server of this.servers.values()) server.follow((change) => this.#tell(server, change, invariants))
    if (this.weather.isStaged) this.#startCompute()
    this.#startPlatform()
    if (this.#failover !== undefined) this.#startFailover(this.#failover)
    if (this.#quotas !== undefined) this.#startQuotas(this.#quotas)
    collectGarbage({
      time: this.time,
      server: serverOf(this.servers, CONSUMER),
      acts: (run) => this.as('collector', run),
    })
    for (const provider of PROVIDERS) this.#startProvider(provider)
    for (const name of REPLICAS) this.#lives.boot(name)
    for (const name of NAMES.slice(0, this.weather.users))
      this.#again(this.weather.actEveryMs, `user`, () =>
        actOnThing(serverOf(this.servers, CONSUMER), name, this.#chance.events),
      )
    this.#again(this.weather.actEveryMs * 2, 'provider', () =>
      this.keepers.get(this.#chance.events.pick(PROVIDERS))?.act(),
    )
    this.#again(this.weather.actEveryMs * 3, 'operator', () => this.#chance.events.pick(this.operators).rotate())
    if (this.weather.hasBadRecords) this.as('admin', () => makeBadRecords(serverOf(this.servers, 'platform')))
    if (this.#clumsy !== undefined) this.#startClumsy(this.#clumsy)
    if (this.weather.hasNeighbour)
      this.#again(this.weather.actEveryMs * 2, 'neighbour', () => this.#neighbour.act(), this.#chance.ambush)
    const { given, random } = this.#orders ?? {}
    if (given !== undefined) this.#again(this.weather.actEveryMs * 3, 'platform', () => given.give(), random)
    if (Number.isFinite(this.weather.faultEveryMs))
      this.#again(this.weather.faultEveryMs, 'the world', () => this.#faults.strike())
    this.time.after(this.weather.troubleMs, () => this.#clearUp())
  }

  capacityOf(provider: string): number | undefined {
    return this.keepers.get(provider)?.capacity
  }

  /** Providers that nobody can reach at the end. */
  get away(): ReadonlySet<string> {
    return this.#lives.away
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

  #startCompute(): void {
    const server = serverOf(this.servers, COMPUTE)
    const effects = new StageEffects((violation) => this.#violated(violation))
    server.follow((change) => effects.check(change))
    const acts = (run: () => void) => this.as('runner', run)
    runJobs({ time: this.time, server, random: this.#chance.ambush.fork(), isTroubled: () => this.isTroubled, acts })
  }

  #startPlatform(): void {
    const platform = serverOf(this.servers, 'platform')
    this.as('admin', () => configureMoves(platform, this.weather))
    const most = withoutApprovalOf(this.weather)
    if (most !== undefined) {
      this.as('admin', () => makeProviders(platform))
      const violated = (violation: Violation) => this.#violated(violation)
      const unapproved = new UnapprovedMoves({ servers: this.servers, most, violated })
      for (const server of this.servers.values()) server.follow((change) => unapproved.check(server, change))
      const reoffer = () => this.keepers.get(this.#chance.approvals.pick(PROVIDERS))?.act()
      this.#again(this.weather.actEveryMs, 'provider', reoffer, this.#chance.approvals)
    }
    answerMoves({
      ...{ time: this.time, platform, random: this.#chance.approvals, isTroubled: () => this.isTroubled },
      acts: (run) => this.as('approver', run),
      takeBack: (provider) => this.keepers.get(provider)?.takeBack(),
    })
  }

  #startFailover({ spec, random }: { spec: FailoverSpec; random: SeededRandom }): void {
    const asks = () => this.as('platform', () => askForFailover(this.servers, spec))
    if (random.chance(0.5)) asks()
    else this.time.after(random.next() * LATE_MS, asks)
    const failovers = new Failovers({
      ...{ servers: this.servers, time: this.time, away: () => this.away },
      violated: (violation) => this.#violated(violation),
    })
    for (const server of this.servers.values())
      server.follow((change) => failovers.check(server, change, this.#isReplica))
    const leave = () => {
      const provider = whoLeaves(this.servers, this.away, random)
      if (provider !== undefined) this.#faults.leave(provider, absenceOf(random))
    }
    this.#again(AWAY_EVERY_MS, 'the world', leave, random)
  }

  #startQuotas(random: SeededRandom): void {
    const checks = new QuotaChecks({
      ...{ servers: this.servers, time: this.time },
      violated: (violation) => this.#violated(violation),
    })
    for (const server of this.servers.values()) server.follow((change) => checks.check(server, change, this.#isReplica))
    const change = () => changeQuota(this.servers, random)
    if (random.chance(0.6)) this.as('platform', change)
    this.#again(QUOTA_EVERY_MS, 'platform', change, random)
  }

  #startClumsy(random: SeededRandom): void {
    const { assignments, migrations, providers } = resources
    const areMovesCounted = withoutApprovalOf(this.weather) !== undefined || this.moveLimits.total !== undefined
    // By Migrations it is counted how many run, and begin without an approval; by a Provider how long it has been away.
    const kinds = [
      ...[assignments, assignments],
      ...(areMovesCounted ? [] : [migrations]),
      ...(this.#failover === undefined ? [providers] : []),
    ]
    this.#again(
      CLUMSY_EVERY_MS,
      'admin',
      () => deleteRecords(serverOf(this.servers, 'platform'), random, kinds),
      random,
    )
  }

  /** Whether a replica is who acts. */
  get #isReplica(): boolean {
    return (REPLICAS as readonly string[]).includes(this.#actor)
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
  #again(everyMs: number, who: string, act: () => void, random = this.#chance.events): void {
    this.time.after(random.next() * everyMs, () => {
      if (!this.isTroubled) return
      this.as(who, act)
      this.#again(everyMs, who, act, random)
    })
  }

  #around(): Surroundings & PlainSurroundings {
    return {
      time: this.time,
      servers: this.servers,
      consumers: [CONSUMER],
      providers: [...PROVIDERS],
      stream: this.stream,
      offers: this.offers,
      busDelay: () => delayOf(this.weather, this.#chance.bus),
      isBusAnswerLost: () => this.#chance.bus.chance(this.weather.busLost),
      alive: (asking) => this.#lives.alive(asking),
      moveLimits: this.moveLimits,
      isRecorded: this.#orders !== undefined || this.#failover !== undefined,
      keepsProviders: this.#failover !== undefined,
      heedsQuotas: this.#quotas !== undefined,
      withoutApproval: withoutApprovalOf(this.weather),
      keepMigrationsMs: this.weather.keepsMigrations ? 3_600_000 : 30_000,
      logger: (process) =>
        quietLogger((level, fields, message) => {
          if (level !== 'debug') this.story.tell(process.name, () => `· ${message} ${JSON.stringify(fields, readable)}`)
        }),
      wire: {
        time: this.time,
        fate: (server, who, request) =>
          this.#ambush.fate(server.name, who, request) ?? fateOf(this.weather, this.#chance.wire),
        acts: (who) => {
          this.#actor = who?.name ?? 'the world'
        },
        handled: (server, who, request, status) => {
          const { method, path } = request
          this.#ambush.served(server.name, who, request)
          if (status >= 400 && method !== 'GET')
            this.story.tell(who?.name ?? '', `${method} ${server.name} ${path.split('?')[0]}: ${status}`)
        },
      },
    }
  }

  /** Where and how it strikes. */
  #laid(): Ambush {
    const random = this.#chance.ambush
    const consumer = serverOf(this.servers, CONSUMER)
    const soon = (ms: number, who: string, run: () => void) =>
      this.time.after(random.next() * ms, () => this.isTroubled && this.as(who, run))
    return new Ambush({
      random,
      chance: () => (this.isTroubled ? this.weather.ambush : 0),
      aboutOf: (server, request) => aboutRequest(serverOf(this.servers, server), request),
      deeds: {
        freeze: (replica, ms) => this.#lives.freeze(replica, ms),
        crash: (replica) => this.#lives.crash(replica),
        handOver: () => this.#faults.handOver(),
        resize: (about, ms) => void soon(ms, 'user', () => putThing(consumer, about, random)),
        remake: (about, ms) => {
          const later = (run: () => void) => void soon(1_500, 'user', run)
          soon(ms, 'user', () => remakeThing(consumer, about, random, later))
        },
        waver: (about, ms) => {
          const isOf = (copy: StoredObject) => aboutOf(resources.things, copy) === about
          for (const operator of this.operators) soon(ms, 'provider', () => operator.waver(isOf))
        },
        reoffer: () => {
          const keeper = this.keepers.get(random.pick(PROVIDERS))
          this.as('provider', () => keeper?.withdraw())
          this.time.after(random.next() * 3_000, () => this.as('provider', () => keeper?.offer()))
        },
        takeAway: (ms) => this.#faults.leave(random.pick(PROVIDERS), ms),
      },
    })
  }

  #ordered(random: SeededRandom): { given: Orders; random: SeededRandom } | undefined {
    if (!random.chance(ORDERED)) return undefined
    const names = NAMES.slice(0, this.weather.users)
    const as = (who: string, run: () => void) => this.as(who, run)
    return { given: new Orders({ servers: this.servers, time: this.time, random, names, as }), random }
  }

  /** The last fault was; what is missing of what users may expect to be there is made. */
  #clearUp(): void {
    this.story.tell('the world', 'no more faults')
    this.weather = fair(this.weather)
    this.as('neighbour', () => this.#neighbour.leave())
    this.#orders?.given.settle()
    if (this.weather.staysAway) this.#faults.lose(this.#chance.ambush.pick(PROVIDERS))
  }

  #tell(server: ApiServer, change: Change, invariants: Invariants): void {
    const { place, entry, type } = change
    const who = this.#actor
    const byBroker = this.#isReplica
    if (byBroker) this.lastWrite = this.time.elapsed
    const about = aboutOf(place.resource, entry.object)
    if (place.resource !== 'events')
      this.story.tell(
        who,
        () => `${wordOf(change)} ${server.name} ${place.resource.split('.')[0]}/${place.name} ${detailsOf(change)}`,
        about,
      )
    if (type !== undefined) invariants.check(server, change, byBroker)
  }

  #violated(violation: Violation): void {
    this.story.tell('VIOLATION', `${violation.rule}: ${violation.message}`, violation.about)
    this.violations.push(violation)
  }
}

/** Of an error what it says. */
const readable = (_: string, value: unknown) => (value instanceof Error ? String(value) : value)
