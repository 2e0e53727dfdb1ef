import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Fate } from '../server/wire.ts'
import type { Process } from './process.ts'

/** What can be done to the world at a moment that is chosen; `about` is the name of the object that the moment is about. */
export type Deeds = {
  freeze: (replica: string, ms: number) => void
  crash: (replica: string) => void
  handOver: () => void
  /** A user changes the object, or deletes it and makes another of its name at once; some time within so many milliseconds. */
  resize: (about: string, withinMs: number) => void
  remake: (about: string, withinMs: number) => void
  /** Providers say otherwise of their copies of the object than they did. */
  waver: (about: string, withinMs: number) => void
  /** An offer is withdrawn, and made again in a moment. */
  reoffer: () => void
  /** A kubeconfig is taken away for a while. */
  takeAway: (ms: number) => void
}

/** Before whoever was struck has its answer, as a rule. */
const SOON_MS = 300

type Request = { method: string; path: string; headers: Record<string, string> }

/**
 * Strikes at the worst moment: when a replica has just read or written something of an object, of which it has no answer yet, and while
 * a write of a replica is on its way.
 */
export class Ambush {
  readonly #random: SeededRandom
  readonly #deeds: Deeds
  readonly #chance: () => number
  /** Name of the object that a request is about, if it is about one. */
  readonly #aboutOf: (server: string, request: Request) => string | undefined

  /** `chance`: that one request is struck at, by now. */
  constructor(options: {
    random: SeededRandom
    deeds: Deeds
    chance: () => number
    aboutOf: (server: string, request: Request) => string | undefined
  }) {
    this.#random = options.random
    this.#deeds = options.deeds
    this.#chance = options.chance
    this.#aboutOf = options.aboutOf
  }

  /** A server has done what a replica asked for, and its answer is yet to come. */
  served(server: string, who: Process | undefined, request: Request): void {
    const about = this.#isStruck(who) ? this.#aboutOf(server, request) : undefined
    if (who === undefined || about === undefined) return
    const random = this.#random
    if (random.chance(0.5)) this.#deeds.freeze(who.name, random.between(300, 20_000))
    else if (random.chance(0.2)) this.#deeds.crash(who.name)
    else if (random.chance(0.3)) this.#deeds.handOver()
    this.#strike(about, SOON_MS)
  }

  /** A write may take far longer than anyone waits for it, while its object changes; undefined: it is a request like others. */
  fate(server: string, who: Process | undefined, request: Request): Fate | undefined {
    const about = request.method !== 'GET' && this.#isStruck(who) ? this.#aboutOf(server, request) : undefined
    if (about === undefined) return undefined
    const thereMs = this.#random.between(1_000, 20_000)
    for (let strikes = this.#random.between(1, 3); strikes > 0; strikes--) this.#strike(about, thereMs)
    return { thereMs, backMs: 1 }
  }

  #isStruck(who: Process | undefined): boolean {
    return who !== undefined && this.#random.chance(this.#chance())
  }

  #strike(about: string, withinMs: number): void {
    const { resize, remake, waver, reoffer, takeAway } = this.#deeds
    const random = this.#random
    const deeds = [
      () => undefined,
      () => resize(about, withinMs),
      () => resize(about, withinMs),
      () => remake(about, withinMs),
      () => remake(about, withinMs),
      () => waver(about, withinMs),
      () => waver(about, withinMs),
      () => reoffer(),
      () => takeAway(random.between(500, 12_000)),
    ]
    random.pick(deeds)()
  }
}
