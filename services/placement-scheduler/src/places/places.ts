import { isSameClaim, type PlaceClaim } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { type KubeClient, type WatchEvent, type WatchedObject, watchResource } from '@resource-broker/kube'
import { type Logger, together, WatchObstacle } from '@resource-broker/service'
import type { Held, Wish } from './claims.ts'
import { Ledger, type Unjustified } from './ledger.ts'
import { heldBy, type Terms, type UsageKind, type UsageRecord } from './usage-kind.ts'

/** The places of one thing, as they are known here. */
export type Seen<T, R> = Held & { of: T; record: R; count: number; uid: string | undefined; version: string }

export type PlacesOptions<T, R extends UsageRecord> = {
  coordination: KubeClient
  logger: Logger
  /** Milliseconds since 1970. */
  now: () => number
  kind: UsageKind<T, R>
  /** Whether places of it are counted. */
  isLimited: (of: T) => boolean
  terms: (of: T, seen: R | undefined) => Terms | undefined | Promise<Terms | undefined>
  unjustified: Unjustified<T>
  /** Of what the object has places, by what is known of it, and which object that is. */
  owned: (view: KeyView) => { uid: string; of: T[] }
  /** The names of the records in which the object may wait. */
  waitsIn: (view: KeyView) => ReadonlySet<string>
  /** Whether what is recorded of it is this broker's to settle, and not about to go as a whole. */
  concerns: (of: T) => boolean
  /** Called after what is known of one record changed: as it is and as it was; undefined: it is not there. */
  changed: (name: string, now: Seen<T, R> | undefined, before: Seen<T, R> | undefined) => void
}

/**
 * A place that nothing was ever seen to refer to may be that of a replica whose Assignment is still on its way: it is kept for longer than
 * a request lasts (10 s, TIMEOUT_MS of KubeClient). What stood still before it sent one sends none: its fence is checked.
 */
const UNUSED_MS = 15_000

/** Who has a place where, and who waits for one: known by one watch of all records of a kind, changed by a conditional write of one. */
export class Places<T, R extends UsageRecord> {
  readonly #options: PlacesOptions<T, R>
  readonly #records = new Map<string, Seen<T, R>>()
  /** The records that name a key, by key. */
  readonly #named = new Map<string, Set<string>>()
  readonly #ledgers = new Map<string, Ledger<T, R>>()
  /** Of each place since when it is known here and nothing refers to it; infinitely long once something did. */
  readonly #unused = new Map<string, number>()
  readonly #obstacle: WatchObstacle

  constructor(options: PlacesOptions<T, R>) {
    this.#options = options
    this.#obstacle = new WatchObstacle(options.kind.plural)
  }

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacle.reason
  }

  /** Resolves once all records are known; goes on in the background until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { coordination, logger, kind } = this.#options
    await new Promise<void>((synced) => {
      const handler = {
        upsert: (object: WatchedObject) => this.#hear(object),
        delete: ({ name }: { name: string }) => this.#forget(name),
        synced: () => {
          this.#obstacle.synced()
          synced()
        },
        report: (event: WatchEvent) => this.#obstacle.heed(event, logger),
      }
      watchResource(coordination, { ...kind.resource }, handler, { signal })
    })
  }

  get(name: string): Seen<T, R> | undefined {
    return this.#records.get(name)
  }

  all(): Iterable<[name: string, seen: Seen<T, R>]> {
    return this.#records
  }

  /** Keys that have a place somewhere, or wait for one. */
  keys(): Iterable<string> {
    return this.#named.keys()
  }

  /** The records that name a key. */
  naming(key: string): readonly Seen<T, R>[] {
    return [...(this.#named.get(key) ?? [])].flatMap((name) => this.#records.get(name) ?? [])
  }

  /** Resolves, once the platform has it, with whether the wish came true. @throws what the API server refuses. */
  ask(of: T, wish: Wish): Promise<boolean> {
    return this.#ledgerOf(of).ask(wish)
  }

  /** Whether `settle` has something to do. */
  isUnsettled(key: string, view: KeyView): boolean {
    const { held, kept, due, waits } = this.#compare(key, view)
    return held.length + kept.length + due.length + waits.length > 0
  }

  /**
   * Gives back the places that nothing of what is known of the key refers to, and notes those that it has and nobody wrote down. It leaves
   * the lines in which it has no business.
   */
  async settle(key: string, view: KeyView): Promise<void> {
    const { uid, held, due, waits } = this.#compare(key, view)
    await together([
      ...held.map((place) => this.ask(place.of, { kind: 'release', key, ...place.claim })),
      ...due.map((of) => this.ask(of, { kind: 'hold', key, uid })),
      ...waits.map((line) => this.ask(line.of, { kind: 'leave', key, uid: line.uid })),
    ])
    const { nameOf } = this.#options.kind
    for (const of of due) this.#unused.set(placeOf(nameOf(of), key, { uid }), Number.NEGATIVE_INFINITY)
  }

  #compare(key: string, view: KeyView) {
    const { concerns, isLimited, kind, now, owned, waitsIn } = this.#options
    const { uid, of: all } = owned(view)
    if (!this.#named.has(key) && !all.some(isLimited)) return { uid, held: [], kept: [], due: [], waits: [] }
    const owning = new Map(all.map((of) => [kind.nameOf(of), of]))
    const known = [...(this.#named.get(key) ?? [])].flatMap((name) => {
      const seen = this.#records.get(name)
      return seen === undefined || !concerns(seen.of) ? [] : [{ name, seen }]
    })
    const places = known.flatMap(({ name, seen: { of, claims } }) => {
      const claim = claims[key]
      return claim === undefined ? [] : [{ name, of, id: placeOf(name, key, claim), claim }]
    })
    for (const { name, id, claim } of places) {
      if (!owning.has(name)) this.#unused.set(id, this.#unused.get(id) ?? now())
      else if (claim.uid === uid) this.#unused.set(id, Number.NEGATIVE_INFINITY)
    }
    const left = places.filter(({ name }) => !owning.has(name))
    const isFree = ({ id }: { id: string }) => now() - (this.#unused.get(id) ?? 0) >= UNUSED_MS
    const due = [...owning].flatMap(([name, of]) =>
      this.#records.get(name)?.claims[key] === undefined && isLimited(of) ? [of] : [],
    )
    const lines = known.filter(({ seen }) => seen.waiting[key] !== undefined)
    const mayWait = lines.length === 0 ? undefined : waitsIn(view)
    const waits = lines.flatMap(({ name, seen }) =>
      mayWait?.has(name) ? [] : [{ of: seen.of, uid: seen.waiting[key]?.uid ?? '' }],
    )
    return { uid, held: left.filter(isFree), kept: left.filter((place) => !isFree(place)), due, waits }
  }

  /** Keeps the index by key. */
  #note(name: string, { claims, waiting }: Held): void {
    const before = this.#records.get(name)
    for (const key of [...Object.keys(before?.claims ?? {}), ...Object.keys(before?.waiting ?? {})]) {
      if (claims[key] !== undefined || waiting[key] !== undefined) continue
      const names = this.#named.get(key)
      names?.delete(name)
      if (names?.size === 0) this.#named.delete(key)
    }
    for (const key of [...Object.keys(claims), ...Object.keys(waiting)])
      this.#named.set(key, (this.#named.get(key) ?? new Set()).add(name))
  }

  #forget(name: string): void {
    const before = this.#records.get(name)
    this.#note(name, { claims: {}, waiting: {} })
    this.#records.delete(name)
    if (before !== undefined) this.#options.changed(name, undefined, before)
  }

  /** Places in one record that nobody can read keep nobody from those in others. */
  #hear(object: WatchedObject): void {
    const { kind, logger } = this.#options
    const read = kind.parse(object)
    if (read.ok) this.#see(read.value)
    else {
      const { mistakes } = read
      logger.error({ kind: kind.kind, name: object.metadata.name, mistakes }, 'a record of places cannot be read')
    }
  }

  /** The watch may tell of what is older than an answer. */
  #see(record: R): void {
    const { name, uid, resourceVersion: version = '0' } = record.metadata
    const before = this.#records.get(name)
    if (before !== undefined && before.uid === uid && BigInt(before.version) >= BigInt(version)) return
    const held = heldBy(record)
    this.#note(name, held)
    const count = Object.keys(held.claims).length
    const seen = { ...held, of: this.#options.kind.subject(record), record, count, uid, version }
    this.#records.set(name, seen)
    for (const [key, claim] of Object.entries(before?.claims ?? {}))
      if (!isSameClaim(held.claims[key], claim)) this.#unused.delete(placeOf(name, key, claim))
    this.#options.changed(name, seen, before)
  }

  #ledgerOf(of: T): Ledger<T, R> {
    const { coordination, kind, terms, unjustified } = this.#options
    const name = kind.nameOf(of)
    const known = this.#ledgers.get(name)
    if (known !== undefined) return known
    const ledger = new Ledger(of, { coordination, kind, terms, unjustified, seen: (record) => this.#see(record) })
    this.#ledgers.set(name, ledger)
    return ledger
  }
}

/** Tells the places of one life of an object from those of another, and one that was asked for again from what it was before. */
const placeOf = (usage: string, key: string, { uid, again = 0 }: PlaceClaim): string =>
  `${usage} ${key} ${uid} ${again}`
