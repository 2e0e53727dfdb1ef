import {
  type Assignment,
  annotations,
  durationMs,
  type Migration,
  PlacementPolicy,
  Provider,
  readiness,
} from '@resource-broker/api'
import { isOffered } from '../actors/offers.ts'
import type { ApiServer, Change } from '../server/api-server.ts'
import { aboutOf, CONSUMER, resources, type Servers, serverOf } from '../world/places.ts'
import { Violation } from '../world/violation.ts'
import type { VirtualTime } from '../world/virtual-time.ts'

type Options = {
  servers: Servers
  time: VirtualTime
  /** Providers whose kubeconfig is away. */
  away: () => ReadonlySet<string>
  violated: (violation: Violation) => void
}

/** For longer than that no request is on its way, nor a replica between what it heard and what it does: it hears anew. */
const IN_FLIGHT_MS = 30_000
const MINUTE_MS = 60_000

/** Watches that objects leave providers that are away as their policy has it, and never otherwise, by what the platform has recorded. */
export class Failovers {
  readonly #options: Options
  /** When a provider was last one to be left, milliseconds since the beginning. */
  readonly #wasDue = new Map<string, number>()
  /** When a provider's offer, or the policy, last changed. */
  readonly #changed = new Map<string, number>()
  /** uids of objects and providers, of copies that could be used once. */
  readonly #wereReady = new Set<string>()
  /** All times at which an object was let fail over. */
  #granted: string[] = []
  #asked = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** `byBroker`: a replica did it. */
  check(server: ApiServer, { place, type, entry: { object }, before }: Change, byBroker: boolean): void {
    const { resource } = place
    const { elapsed } = this.#options.time
    this.#look()
    const isNew = object.metadata.generation !== before?.object.metadata.generation
    if (resource === resources.offers && (isNew || type === 'DELETED')) this.#changed.set(server.name, elapsed)
    if (resource === resources.things && server.name !== CONSUMER && readiness(object).ready)
      this.#wereReady.add(`${aboutOf(resource, object)} ${server.name}`)
    if (resource === resources.policies && isNew && elapsed > 0) this.#changed.set(resource, elapsed)
    if (resource === resources.policies && type !== 'DELETED') this.#checkGrants(PlacementPolicy.of(object))
    if (resource === resources.migrations && before === undefined && byBroker)
      this.#checkMove(object as unknown as Migration)
    if (resource === resources.assignments && before !== undefined && type !== 'DELETED')
      this.#checkSwitch(before.object as unknown as Assignment, object as unknown as Assignment)
  }

  /** Notes which providers are to be left now: after each change, and each change of the time comes with one. */
  #look(): void {
    const { servers, time } = this.#options
    const platform = serverOf(servers, 'platform')
    const [policy] = platform.all(resources.policies).map(({ object }) => PlacementPolicy.of(object))
    const { after, stopAbove = 0 } = policy?.spec.failover ?? {}
    if (after === undefined) return
    const records = platform.all(resources.providers).map(({ object }) => Provider.of(object))
    const away = records.flatMap(({ spec: { providerCluster: provider }, status }) => {
      const reachable = status?.conditions?.find(({ type }) => type === 'Reachable')
      return reachable?.status === 'False' ? [{ provider, since: Date.parse(reachable.lastTransitionTime) }] : []
    })
    if (away.length / records.length > stopAbove / 100) return
    for (const { provider, since } of away)
      if (platform.now() - since >= durationMs(after)) this.#wasDue.set(provider, time.elapsed)
  }

  /** What is exact is what is recorded: when an object was let. */
  #checkGrants({ spec, status }: PlacementPolicy): void {
    const { failedOver = [] } = status ?? {}
    const { maxPerMinute = Number.POSITIVE_INFINITY } = spec.failover ?? {}
    const known = new Map<string, number>()
    for (const time of this.#granted) known.set(time, (known.get(time) ?? 0) + 1)
    const seen = new Map<string, number>()
    for (const time of failedOver) seen.set(time, (seen.get(time) ?? 0) + 1)
    for (const [time, count] of seen) for (let i = known.get(time) ?? 0; i < count; i++) this.#granted.push(time)
    this.#granted.sort()
    for (const [i, first] of this.#granted.entries()) {
      const last = this.#granted[i + maxPerMinute]
      if (last !== undefined && Date.parse(last) - Date.parse(first) < MINUTE_MS)
        this.#say(
          'failover-rate',
          `${maxPerMinute + 1} objects were let fail over from ${first} to ${last}, ${maxPerMinute} may`,
        )
    }
  }

  #checkMove(move: Migration): void {
    const about = aboutOf(resources.migrations, move as never)
    const { failover, from } = move.spec
    const { elapsed } = this.#options.time
    const isRecent = (at: number | undefined) => at !== undefined && elapsed - at < IN_FLIGHT_MS
    if (failover !== undefined) {
      this.#asked += 1
      if (this.#asked > this.#granted.length)
        this.#say('failover-rate', `${this.#asked} objects fail over, and ${this.#granted.length} were let`, about)
      if (!isRecent(this.#wasDue.get(from.providerCluster)))
        this.#say(
          'failover-blink',
          `${about} leaves ${from.providerCluster}, which was not away for so long, or with too many others`,
          about,
        )
      return
    }
    this.#checkEviction(move, about)
  }

  /** Without a cause, and not failing over, only an object moves that its provider does not accept as it is now, or did not a while ago. */
  #checkEviction({ metadata, spec }: Migration, about: string | undefined): void {
    const { servers, away, time } = this.#options
    const provider = spec.from.providerCluster
    const isRecent = (of: string) => time.elapsed - (this.#changed.get(of) ?? Number.NEGATIVE_INFINITY) < IN_FLIGHT_MS
    if (spec.cause !== undefined || !away().has(provider) || isRecent(provider) || isRecent(resources.policies)) return
    const source = this.#sourceOf(about)
    const isAsItIs = metadata.annotations?.[annotations.consumerGeneration] === String(source?.metadata.generation)
    const { size = Number.NaN } = (source?.['spec'] ?? {}) as { size?: number }
    if (isAsItIs && isOffered(serverOf(servers, provider), size))
      this.#say('evicted', `${about} leaves ${provider}, which is away and takes it, and does not fail over`, about)
  }

  #sourceOf(name: string | undefined) {
    const all = serverOf(this.#options.servers, CONSUMER).all(resources.things)
    return all.find(({ object }) => object.metadata.name === name)?.object
  }

  /** Nothing is switched to a copy that never was ready. */
  #checkSwitch(before: Assignment, after: Assignment): void {
    const { providerCluster: provider, name } = after.spec
    if (before.metadata.uid !== after.metadata.uid || before.spec.providerCluster === provider) return
    if (!this.#wereReady.has(`${name} ${provider}`))
      this.#say('unready-switch', `${name} is switched to ${provider}, which never had a copy that was ready`, name)
  }

  #say(rule: string, message: string, about?: string): void {
    this.#options.violated(new Violation(rule, message, about))
  }
}
