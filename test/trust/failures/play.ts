import { ANSWERS } from './answers.ts'
import type { AskedBy } from './asked.ts'
import { isOf, type RequestKind } from './request-kind.ts'
import { REQUESTS } from './requests.ts'
import { type Told, wordsOf } from './told.ts'
import { FailureWorld } from './world.ts'

/** What was told of each request with each answer, and everything that the broker asked for meanwhile. */
export type Failures = { cells: Map<RequestKind, Map<string, Told>>; asked: Map<RequestKind, AskedBy[]> }

/** Long enough for everything to be told that ever is, in milliseconds of the world. */
const SETTLED_MS = 40_000

/** Plays every request with every answer, each in a world of its own, and tells what people were told, and when. */
export async function playFailures(requests: readonly RequestKind[] = REQUESTS): Promise<Failures> {
  const cells: Failures['cells'] = new Map()
  const asked: Failures['asked'] = new Map()
  for (const kind of requests) {
    const meanwhile: AskedBy[] = []
    asked.set(kind, meanwhile)
    const told = new Map<string, Told>()
    for (const answer of Object.keys(ANSWERS))
      if (answer !== kind.isWell) told.set(answer, await playCell(kind, answer, meanwhile))
    cells.set(kind, told)
  }
  return { cells, asked }
}

async function playCell(kind: RequestKind, answer: string, asked: AskedBy[]): Promise<Told> {
  const world = new FailureWorld({ inKcp: kind.inKcp ?? false, isStaged: kind.isStaged ?? false })
  try {
    await world.begin(kind.capacity)
    await kind.prepare?.(world)
    const since = world.log.length
    const clock = new Clock(world, () => wordsOf(world, kind, since))
    world.inject((request) => {
      if (!isOf(kind, request)) return kind.besides?.(request, world)
      clock.begin()
      return ANSWERS[answer]
    })
    await kind.trigger(world)
    await world.pass(SETTLED_MS)
    asked.push(...world.asked)
    return clock.told()
  } finally {
    world.end()
  }
}

/** When each word was said first, counted from the first answer that was injected. */
class Clock {
  readonly #first = new Map<string, number>()
  readonly #words: () => ReturnType<typeof wordsOf>
  readonly #world: FailureWorld
  #begun: number | undefined

  constructor(world: FailureWorld, words: () => ReturnType<typeof wordsOf>) {
    this.#world = world
    this.#words = words
    world.follow(() => this.#look())
  }

  /** What is read by then already was said at once. */
  begin(): void {
    if (this.#begun !== undefined) return
    this.#begun = this.#world.elapsed
    this.#look()
  }

  told(): Told {
    const { owner, operator } = this.#words()
    return {
      ...{ owner, operator },
      firstAfter: this.#after([...owner, ...operator], Math.min),
      ownerAfter: this.#after(owner, Math.max),
      operatorAfter: this.#after(operator, Math.max),
    }
  }

  #look(): void {
    if (this.#begun === undefined) return
    const { owner, operator } = this.#words()
    for (const word of [...owner, ...operator])
      if (!this.#first.has(word)) this.#first.set(word, this.#world.elapsed - this.#begun)
  }

  #after(words: string[], of: typeof Math.min): number | undefined {
    if (words.length === 0 || this.#begun === undefined) return undefined
    return Math.ceil(of(...words.map((word) => this.#first.get(word) ?? 0)) / 1_000)
  }
}
