import type { Wait } from '../plan/step.ts'
import { type Limit, type Limits, limitsOf, type Mover } from './limits.ts'

/** A move that has not begun, and what its Ready condition says. */
export type Waiting = Mover & { told?: string | undefined }

export const WAITS_FOR_TURN = 'WaitsForTurn'
/** Of a move that a limit is for, as long as nobody can tell who runs. */
export const LIMITS_UNKNOWN = 'LimitsUnknown'

/**
 * Which of the moves that wait may begin beside those that run: undefined; and why each other one may not. Pure. The oldest goes first,
 * of one age the first by name; one whose limits leave room goes before an older one whose do not.
 *
 * The oldest that waits keeps its place where there is room, so that it does not find one limit full each time that another has room:
 * nobody waits for ever. It needs no place kept that comes free together with the one that it lacks.
 */
export function turnsOf(
  running: readonly Mover[],
  waiting: readonly Waiting[],
  limits: Limits,
): Map<string, Wait | undefined> {
  const places = new Places()
  for (const mover of running) places.take(mover.name, limitsOf(mover, limits))
  let isFirst = true
  const turns = waiting.toSorted(byAge).map((mover): [string, Wait | undefined] => {
    const counted = limitsOf(mover, limits)
    const full = counted.filter((limit) => places.isFull(limit))
    const [first] = full
    if (first === undefined) {
      places.take(mover.name, counted)
      return [mover.name, undefined]
    }
    if (isFirst) places.keep(mover.name, counted, full)
    isFirst = false
    const { message } = full.find((limit) => limit.message === mover.told) ?? first
    return [mover.name, { reason: WAITS_FOR_TURN, message }]
  })
  return new Map(turns)
}

/** The order of the queue. */
export const byAge = (a: Mover, b: Mover): number => compare(a.since, b.since) || compare(a.name, b.name)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Who has a place in which limit. */
class Places {
  readonly #holders = new Map<string, Set<string>>()

  isFull({ id, most }: Limit): boolean {
    return this.#of(id).size >= most
  }

  take(name: string, limits: readonly Limit[]): void {
    for (const { id } of limits) this.#of(id).add(name)
  }

  /** What has room stays free for a move that waits for what is full, but for what each whom it waits for gives back as well. */
  keep(name: string, limits: readonly Limit[], full: readonly Limit[]): void {
    const comesFree = ({ id }: Limit) => full.every((other) => this.#of(other.id).isSubsetOf(this.#of(id)))
    this.take(
      name,
      limits.filter((limit) => !full.includes(limit) && !comesFree(limit)),
    )
  }

  #of(id: string): Set<string> {
    const known = this.#holders.get(id)
    if (known !== undefined) return known
    const holders = new Set<string>()
    this.#holders.set(id, holders)
    return holders
  }
}
