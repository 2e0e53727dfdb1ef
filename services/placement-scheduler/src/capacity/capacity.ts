import {
  Assignment,
  assignmentName,
  isSameClaim,
  Migration,
  migrationsOf,
  type OfferClaim,
  type OfferRef,
  OfferUsage,
  offerUsageName,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { type KubeClient, readIfThere, type WatchEvent, type WatchedObject, watchResource } from '@resource-broker/kube'
import { type Logger, together, WatchObstacle } from '@resource-broker/service'
import { offersOf } from './claimants.ts'
import type { Claims } from './claims.ts'
import { Ledger } from './ledger.ts'

type Options = {
  coordination: KubeClient
  /** How many places an offer has; infinite: it has no capacity, and nothing is written for it. */
  capacityOf: (offer: OfferRef) => number | undefined
  /** Called after places came free. */
  freed: () => void
  /** Milliseconds since 1970. */
  now: () => number
  logger: Logger
}

type Seen = { offer: OfferRef; claims: Claims; count: number; uid: string | undefined; version: string }

/**
 * A place that nothing was ever seen to refer to may be that of a replica whose Assignment is still on its way: it is kept for longer than
 * a request lasts (10 s, TIMEOUT_MS of KubeClient). What stood still before it sent one sends none: its fence is checked.
 */
const UNUSED_MS = 15_000

/** Who has a place at which offer: known by one watch of all OfferUsages, changed by a conditional write of one. */
export class Capacity {
  readonly #options: Options
  readonly #claims = new Map<string, Seen>()
  readonly #names = new WeakMap<OfferRef, string>()
  /** The OfferUsages in which a key has a place, by key. */
  readonly #placed = new Map<string, Set<string>>()
  readonly #ledgers = new Map<string, Ledger>()
  /** Of each place since when it is known here and nothing refers to it; infinitely long once something did. */
  readonly #unused = new Map<string, number>()
  readonly #obstacle = new WatchObstacle('OfferUsages')

  constructor(options: Options) {
    this.#options = options
  }

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacle.reason
  }

  /** Resolves once all OfferUsages are known; goes on in the background until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { coordination, logger } = this.#options
    await new Promise<void>((synced) => {
      const handler = {
        upsert: (object: WatchedObject) => this.#hear(object),
        delete: ({ name }: { name: string }) => {
          this.#note(name, {})
          this.#claims.delete(name)
        },
        synced: () => {
          this.#obstacle.synced()
          synced()
        },
        report: (event: WatchEvent) => this.#obstacle.heed(event, logger),
      }
      watchResource(coordination, { ...OfferUsage.resource }, handler, { signal })
    })
  }

  /** How many others than this key have a place at an offer. */
  usageBy(key: string): (offer: OfferRef) => number {
    return (offer) => {
      const seen = this.#claims.get(this.#nameOf(offer))
      return seen === undefined ? 0 : seen.count - (seen.claims[key] === undefined ? 0 : 1)
    }
  }

  /** A name is a digest, which is made once for each offer that is known: a decision asks for those of many. */
  #nameOf(offer: OfferRef): string {
    const known = this.#names.get(offer)
    if (known !== undefined) return known
    const name = offerUsageName(offer)
    this.#names.set(offer, name)
    return name
  }

  /** Whether the object has a place at the offer now: true at once for an offer without a capacity. */
  async claim(key: string, uid: string, offer: OfferRef): Promise<boolean> {
    const capacity = this.#options.capacityOf(offer)
    if (capacity === undefined) return false // it was withdrawn since the decision
    if (capacity === Number.POSITIVE_INFINITY) return true
    return await this.#ledgerOf(offer).ask({ kind: 'claim', key, uid })
  }

  /** Keys that have a place somewhere. */
  keys(): Iterable<string> {
    return this.#placed.keys()
  }

  /** Whether `settle` has something to do. */
  isUnsettled(key: string, view: KeyView): boolean {
    const { held, kept, due } = this.#compare(key, view)
    return held.length + kept.length + due.length > 0
  }

  /** Gives back the places that nothing of what is known of the key refers to, and notes those that it has and nobody wrote down. */
  async settle(key: string, view: KeyView): Promise<void> {
    const { uid, held, due } = this.#compare(key, view)
    await together([
      ...held.map((place) => this.#ledgerOf(place.offer).ask({ kind: 'release', key, ...place.claim })),
      ...due.map((offer) => this.#ledgerOf(offer).ask({ kind: 'hold', key, uid })),
    ])
    for (const offer of due) this.#unused.set(placeOf(offerUsageName(offer), key, { uid }), Number.NEGATIVE_INFINITY)
  }

  #compare(key: string, view: KeyView) {
    const record = view.get('assignment')?.object
    const assignment = record === undefined || record === null ? undefined : Assignment.of(record)
    const migrations = [...view.all('migration').values()].flatMap(({ object }) =>
      object === null ? [] : [Migration.of(object)],
    )
    const named = offersOf(assignment, migrations)
    const uid = assignment?.spec.uid ?? ''
    if (!this.#placed.has(key) && !named.some((offer) => this.#isLimited(offer)))
      return { uid, held: [], kept: [], due: [] }
    const offers = new Map(named.map((offer) => [offerUsageName(offer), offer]))
    const places = [...(this.#placed.get(key) ?? [])].flatMap((name) => {
      const { offer, claims } = this.#claims.get(name) ?? {}
      const claim = claims?.[key]
      return offer === undefined || claim === undefined ? [] : [{ name, offer, id: placeOf(name, key, claim), claim }]
    })
    for (const { name, id, claim } of places) {
      if (!offers.has(name)) this.#unused.set(id, this.#unused.get(id) ?? this.#options.now())
      else if (claim.uid === uid) this.#unused.set(id, Number.NEGATIVE_INFINITY)
    }
    const left = places.filter(({ name }) => !offers.has(name))
    const isFree = ({ id }: { id: string }) => this.#options.now() - (this.#unused.get(id) ?? 0) >= UNUSED_MS
    const held = left.filter(isFree)
    const kept = left.filter((place) => !isFree(place))
    const due = [...offers].flatMap(([name, offer]) =>
      this.#claims.get(name)?.claims[key] === undefined && this.#isLimited(offer) ? [offer] : [],
    )
    return { uid, held, kept, due }
  }

  #isLimited(offer: OfferRef): boolean {
    return Number.isFinite(this.#options.capacityOf(offer) ?? Number.POSITIVE_INFINITY)
  }

  /** Keeps the index by key. */
  #note(name: string, claims: Claims): void {
    for (const key of Object.keys(this.#claims.get(name)?.claims ?? {})) {
      if (claims[key] !== undefined) continue
      const places = this.#placed.get(key)
      places?.delete(name)
      if (places?.size === 0) this.#placed.delete(key)
    }
    for (const key of Object.keys(claims)) this.#placed.set(key, (this.#placed.get(key) ?? new Set()).add(name))
  }

  /** Places at one offer that nobody can read keep nobody from those at others. */
  #hear(object: WatchedObject): void {
    const usage = OfferUsage.parse(object)
    if (usage.ok) this.#see(usage.value)
    else {
      const { mistakes } = usage
      this.#options.logger.error({ offerUsage: object.metadata.name, mistakes }, 'an OfferUsage cannot be read')
    }
  }

  /** The watch may tell of what is older than an answer. */
  #see({ metadata, spec }: OfferUsage): void {
    const { providerCluster, acceptAPIName, claims = {} } = spec
    const { uid, resourceVersion: version = '0' } = metadata
    const before = this.#claims.get(metadata.name)
    if (before !== undefined && before.uid === uid && BigInt(before.version) >= BigInt(version)) return
    this.#note(metadata.name, claims)
    const offer = { providerCluster, name: acceptAPIName }
    this.#claims.set(metadata.name, { offer, claims, count: Object.keys(claims).length, uid, version })
    for (const [key, claim] of Object.entries(before?.claims ?? {}))
      if (!isSameClaim(claims[key], claim)) this.#unused.delete(placeOf(metadata.name, key, claim))
    if (Object.keys(before?.claims ?? {}).some((key) => claims[key] === undefined)) this.#options.freed()
  }

  #ledgerOf(offer: OfferRef): Ledger {
    const name = offerUsageName(offer)
    const known = this.#ledgers.get(name)
    if (known !== undefined) return known
    const { coordination, capacityOf } = this.#options
    const ledger = new Ledger(offer, {
      coordination,
      capacity: () => capacityOf(offer) ?? 0,
      unjustified: (of, keys) => this.#unjustified(of, keys),
      seen: (usage) => this.#see(usage),
    })
    this.#ledgers.set(name, ledger)
    return ledger
  }

  /** Asks the platform itself: what is known here may be behind what another replica did. Of what nobody can read the place stays. */
  async #unjustified(offer: OfferRef, keys: string[]): Promise<ReadonlySet<string>> {
    const { coordination } = this.#options
    const list = await coordination.list<KubeObject>({ ...Migration.resource })
    const free = keys.map(async (key) => {
      const name = assignmentName(key)
      const record = await readIfThere<KubeObject>(coordination, { ...Assignment.resource, name })
      const own = migrationsOf(name, list.items).map((object) => Migration.parse(object))
      const assignment = record && Assignment.parse(record)
      if (assignment?.ok === false || own.some(({ ok }) => !ok)) return []
      const migrations = own.flatMap((parsed) => (parsed.ok ? [parsed.value] : []))
      const offers = offersOf(assignment?.value, migrations).map(offerUsageName)
      return offers.includes(offerUsageName(offer)) ? [] : [key]
    })
    return new Set((await together(free)).flat())
  }
}

/** Tells the places of one life of an object from those of another, and one that was asked for again from what it was before. */
const placeOf = (usage: string, key: string, { uid, again = 0 }: OfferClaim): string =>
  `${usage} ${key} ${uid} ${again}`
