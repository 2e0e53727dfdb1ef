import { isDeepStrictEqual } from 'node:util'
import { configurationsFor, hasEnded, isPending, Migration, Provider, providerName, whenOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type KubeClient, readIfThere } from '@resource-broker/kube'
import type { Logger } from '@resource-broker/service'
import type { Wait } from '../plan/step.ts'
import { type Brake, brakedOf, brakeNotes, type Count, causesAfter, isCounted, isLetGo } from './brake.ts'
import { AWAITS_APPROVAL, heldBy, type Rules } from './held-by.ts'
import { type Limits, limitsOf, type MoveLimits, type Mover } from './limits.ts'
import { limitsFrom, moverOf, readRules, runningOf, waitingOf } from './moves.ts'
import { MovesKnown } from './moves-known.ts'
import { LIMITS_UNKNOWN, turnsOf, type Waiting } from './queue.ts'
import { BrakeEvents } from './tell-brake.ts'
import { type Books, booksOf, type Claims, type Settled, UsageLedger, type Wish } from './usage-ledger.ts'

type Options = {
  coordination: KubeClient
  /** Of all moves, whichever MigrationConfiguration counts for them. */
  limits: MoveLimits
  /** How many moves the change of one offer may cause before somebody agrees; undefined: any number. */
  withoutApproval?: number | undefined
  /** Looks at the Migrations of a key again: what one of them waited for may have come. */
  wake: (key: string) => void
  /** Milliseconds since 1970. */
  now: () => number
  logger: Logger
  signal: AbortSignal
}

/** A move that is about to begin; `owned` ends when its object is another replica's. */
export type Asking = {
  key: string
  migration: Migration
  consumer: string
  rules: Rules | undefined
  owned: AbortSignal
}

/** Changes often come in groups; who waits is looked at once for a group, in milliseconds. */
const SETTLE_MS = 50
/**
 * The place of a move that does not begin may be that of a replica whose word to begin is still on its way: it is kept for longer than a
 * request lasts (10 s, TIMEOUT_MS of KubeClient). What stood still before it sent one sends none: its fence is checked.
 */
const UNUSED_MS = 15_000
/** The moves that one change of an offer causes come one after another, and are told of together, in milliseconds. */
const TELL_MS = 1_000

/**
 * Whose turn it is. Nothing is followed and nothing written until a first move is held or a limit is for one: others cost nothing. From
 * then on this replica follows all Migrations, so that all replicas see one queue; a place is taken in the one MigrationUsage, which is
 * what makes limits exact.
 */
export class Turns {
  readonly #options: Options
  readonly #known: MovesKnown
  readonly #ledger: UsageLedger
  readonly #events: BrakeEvents
  /** Who asked, by the name of the Migration, and what it was told to wait for. */
  readonly #asked = new Map<string, Asking & { wait?: Wait }>()
  /** Since when a move that has a place does not begin, by the uid of its Migration. */
  readonly #unused = new Map<string, number>()
  /** By when what they asked for is forgotten: whoever owns their objects then is asked anew. */
  readonly #owned = new WeakSet<AbortSignal>()
  #due: { rules: boolean } | undefined
  #tells = false

  constructor(options: Options) {
    this.#options = options
    const { coordination, logger, signal } = options
    const changed = (rules: boolean) => this.#reviewSoon(rules)
    this.#known = new MovesKnown({ coordination, logger, signal, changed })
    const provider = (name: string) => this.#known.provider(name)
    this.#events = new BrakeEvents({ coordination, logger, provider, now: options.now })
    this.#ledger = new UsageLedger({
      coordination,
      settle: (before, wishes) => this.#settle(before, wishes),
      known: () => this.#known.usage,
      seen: (usage) => this.#known.see(usage),
    })
  }

  /** Why a move may not begin yet; undefined: it may, and has its place where a limit is for it. @throws what the API server refuses */
  async ask(asking: Asking): Promise<Wait | undefined> {
    const { name } = asking.migration.metadata
    this.#asked.set(name, asking)
    this.#forgetAfter(asking.owned)
    const held = heldBy(asking.migration, asking.rules)
    const wait = held ?? (await this.#place(asking))
    if (wait === undefined || asking.owned.aborted) this.#asked.delete(name)
    else this.#asked.set(name, { ...asking, wait })
    if (held === undefined && wait?.reason === AWAITS_APPROVAL) this.#tellSoon()
    if (held !== undefined) void this.#follow(false) // who takes back what holds it is heard of there
    return wait
  }

  #forgetAfter(owned: AbortSignal): void {
    if (this.#owned.has(owned)) return
    this.#owned.add(owned)
    const forget = () => {
      for (const [name, asking] of this.#asked) if (asking.owned === owned) this.#asked.delete(name)
    }
    owned.addEventListener('abort', forget, { once: true })
  }

  /** It waits for nothing here any more: it begins, has ended, or something else keeps it. */
  leave(name: string): void {
    this.#asked.delete(name)
  }

  isHeld(name: string): boolean {
    return this.#asked.has(name)
  }

  /**
   * Has a move give its place back if it has ended, or did not begin for a while. Returns when that is to be looked at again, in
   * milliseconds. @throws what the API server refuses
   */
  async settle(migration: Migration): Promise<number> {
    const { name, uid = '' } = migration.metadata
    const hasPlace = this.#known.usage?.spec.claims?.[name]?.uid === uid
    if (!hasPlace || isRunning(migration)) {
      this.#unused.delete(uid)
      return Number.POSITIVE_INFINITY
    }
    const now = this.#options.now()
    const since = this.#unused.get(uid) ?? now
    const left = hasEnded(migration) ? 0 : since + UNUSED_MS - now
    if (left > 0) this.#unused.set(uid, since)
    if (left > 0) return left
    this.#unused.delete(uid)
    const count = hasEnded(migration) ? undefined : this.#countOf(moverOf(migration, undefined), -1)
    await this.#ledger.ask({ name, uid, claim: null, count })
    return Number.POSITIVE_INFINITY
  }

  async #place(asking: Asking): Promise<Wait | undefined> {
    const mover = moverOfAsking(asking)
    const isLimited = () => limitsOf(mover, this.#limitsFor([asking])).length > 0
    const isDrain = mover.drain === true
    const { withoutApproval: most } = this.#options
    if (!isDrain && !isLimited() && !isCounted(mover, { most, isApproved: () => false })) return undefined
    await this.#follow(isDrain)
    const { obstacle, usage } = this.#known
    if (obstacle !== undefined) return { reason: LIMITS_UNKNOWN, message: `waits until its turn is known: ${obstacle}` }
    if (!isLimited() && !isCounted(mover, this.#brake)) return undefined
    const { name, uid = '' } = asking.migration.metadata
    if (usage?.spec.claims?.[name]?.uid === uid) return undefined
    const { consumer, from, to, configuration } = mover
    const claim = {
      uid,
      key: asking.key,
      consumer,
      from,
      to,
      ...(configuration === undefined ? {} : { configuration }),
      ...(isDrain ? { drain: true } : {}),
    }
    return (
      this.#turns(this.#heard, [asking]).get(name) ??
      (await this.#ledger.ask({ name, uid, claim, count: this.#countOf(mover, 1) }))
    )
  }

  /** What is followed besides Migrations: Providers, where somebody has to agree with moves, or from the first move of a drain on. */
  async #follow(isDrain: boolean): Promise<void> {
    await this.#known.start(isDrain || this.#options.withoutApproval !== undefined)
  }

  /** What the record says, as far as the moves are heard of that have a place there. */
  get #heard(): Books {
    const { claims, causes } = booksOf(this.#known.usage)
    const heard = Object.entries(claims).filter(([of, { uid }]) => this.#known.fateOf(of, uid) === 'open')
    return { claims: Object.fromEntries(heard), causes }
  }

  get #brake(): Omit<Brake, 'begun'> {
    return {
      most: this.#options.withoutApproval,
      isApproved: (cause) => isLetGo(cause, this.#known.provider(providerName(cause.providerCluster))),
    }
  }

  /** One whose limits were asked for just now may not have been heard of. */
  #limitsFor(askings: readonly Asking[]): Limits {
    const { all, ofConfiguration } = limitsFrom(this.#options.limits, this.#known.configurations)
    const own = askings.flatMap(({ rules }) =>
      rules?.limits === undefined ? [] : [[rules.name, rules.limits] as const],
    )
    const ofDrain = (provider: string) => drainLimitOf(this.#known.provider(providerName(provider)))
    return { all, ofConfiguration: new Map([...own, ...ofConfiguration]), ofDrain }
  }

  #waiting(claims: Claims, askings: readonly Asking[]): Waiting[] {
    const { migrations, configurations } = this.#known
    const waiting = new Map(waitingOf(claims, migrations, configurations).map((mover) => [mover.name, mover]))
    for (const asking of askings) {
      const mover = moverOfAsking(asking)
      waiting.set(mover.name, { ...mover, told: waiting.get(mover.name)?.told })
    }
    return [...waiting.values()]
  }

  #turns({ claims, causes }: Books, askings: readonly Asking[]): Map<string, Wait | undefined> {
    const waiting = this.#waiting(claims, askings)
    const braked = brakedOf(waiting, { ...this.#brake, begun: causes })
    const queue = waiting.filter(({ name }) => !braked.has(name))
    const running = runningOf(claims, this.#known.migrations)
    return new Map([...turnsOf(running, queue, this.#limitsFor(askings)), ...braked])
  }

  #tellSoon(): void {
    if (this.#tells) return
    this.#tells = true
    setTimeout(() => {
      this.#tells = false
      if (this.#options.signal.aborted) return
      const { claims, causes } = this.#heard
      void this.#events.tell(brakeNotes(this.#waiting(claims, []), { ...this.#brake, begun: causes }))
    }, TELL_MS)
  }

  async #settle(before: Books, wishes: readonly Wish[]): Promise<Settled> {
    const leaving = new Set(wishes.flatMap(({ uid, claim }) => (claim === null ? [uid] : [])))
    const open = await Promise.all(
      Object.entries(before.claims).map(async ([name, claim]) => {
        const stays = !leaving.has(claim.uid) && (await this.#isOpen(name, claim.uid))
        return stays ? [[name, claim] as const] : []
      }),
    )
    const claims = Object.fromEntries(open.flat())
    const askings = wishes.flatMap(({ name, claim }) => (claim === null ? [] : (this.#asked.get(name) ?? [])))
    const turns = this.#turns({ claims, causes: before.causes }, askings)
    const answers = wishes.map(({ name, claim }) => {
      const has = claim === null || claims[name]?.uid === claim.uid
      const wait = has ? undefined : turns.get(name)
      if (!has && wait === undefined) claims[name] = claim
      return wait
    })
    const counts = wishes.flatMap(({ name, count }) => {
      const isNews = before.claims[name]?.uid !== claims[name]?.uid
      return isNews && count !== undefined ? [count] : []
    })
    const causes = this.#known.migrations.flatMap(({ spec }) => spec.cause ?? [])
    return { claims, causes: causesAfter(before.causes, counts, causes), answers }
  }

  #countOf(mover: Mover, by: 1 | -1): Count | undefined {
    return mover.cause !== undefined && isCounted(mover, this.#brake) ? { cause: mover.cause, by } : undefined
  }

  /** Not heard of is not gone. */
  async #isOpen(name: string, uid: string): Promise<boolean> {
    const fate = this.#known.fateOf(name, uid)
    if (fate !== 'unknown') return fate === 'open'
    const ref = { ...Migration.resource, name }
    const there = await readIfThere<KubeObject>(this.#options.coordination, ref)
    return there?.metadata.uid === uid && !hasEnded(Migration.of(there))
  }

  #reviewSoon(rules: boolean): void {
    if (this.#due !== undefined) {
      this.#due.rules ||= rules
      return
    }
    this.#due = { rules }
    setTimeout(() => this.#review(), SETTLE_MS)
  }

  /** Looks again at the moves for which something else is true now than they were told. */
  #review(): void {
    const { rules } = this.#due ?? { rules: false }
    this.#due = undefined
    const turns = this.#turns(this.#heard, [])
    for (const [name, { wait, ...asking }] of this.#asked) {
      if (wait === undefined || !(isOther(turns, name, wait) || (rules && this.#areOther(asking)))) continue
      this.#asked.delete(name) // whoever owns it now asks again
      this.#options.wake(asking.key)
    }
  }

  /** Whether another MigrationConfiguration may count for a move than it asked by, or that one says something else. */
  #areOther({ migration: { spec }, rules }: Asking): boolean {
    const counting = configurationsFor(this.#known.configurations, { from: spec.from.gvk, to: spec.to.gvk })
    const [first] = counting
    if (counting.some((configuration) => whenOf(configuration) !== undefined)) return true
    return !isDeepStrictEqual(rules, first === undefined ? undefined : readRules(first))
  }
}

/** How many moves of its drain a Provider lets run at once; 0: it is not drained, or nobody can tell; undefined: any number. */
function drainLimitOf(provider: KubeObject | undefined): number | undefined {
  const drain = Provider.readable(provider)?.spec.drain
  return drain === undefined ? 0 : drain.maxConcurrent
}

const isRunning = (move: Migration): boolean => !hasEnded(move) && !isPending(move)

const moverOfAsking = ({ migration, consumer, rules }: Asking): Mover => ({
  ...moverOf(migration, rules?.name),
  consumer,
})

/** Whether the queue has another word for a move that is in it. */
function isOther(turns: ReadonlyMap<string, Wait | undefined>, name: string, told: Wait): boolean {
  return turns.has(name) && turns.get(name)?.message !== told.message
}
