import type { LateProblem, Settled } from '../context.ts'
import type { Problem } from '../plan/problem.ts'

/** What one look found out and did, besides what it learned of objects. */
export class Notes {
  /** The platform itself says that there is no Assignment. */
  hasNoAssignment = false
  /** The uid of the object that was known when the platform was asked so: what it said is no word on a later one. */
  askedFor: string | undefined
  /** The uid of the object of which the consumer's API server itself says that it is gone, or another one. */
  goneSource: string | undefined
  /** Providers whose API server itself says that there is no copy. */
  readonly without = new Set<string>()
  /** Ids of what was done in this look, well or badly: nothing is done twice. */
  readonly done = new Set<string>()
  readonly problems: Problem[] = []
  /** The same, by the action that each came of. */
  readonly late: LateProblem[] = []
  /** Related objects that are at the consumer as they should be. */
  readonly brought = new Map<string, string>()
  /** The consumer was told all that there is to tell. */
  isReported = false
  /** What is remembered of earlier looks. */
  readonly before: Before

  constructor(before: Before) {
    this.before = before
  }
}

/** What earlier looks of this replica left. */
export type Before = {
  /** The number of this look, from 1. */
  attempt: number
  /** Milliseconds since the serving copy was first seen without a status. */
  silentMs: number
  /** Milliseconds since there is trouble that may pass by itself. */
  troubledMs: number
  /** Milliseconds since another object was first seen in the place of the one that the Assignment was made for. */
  replacedMs: number
  /** What the consumer was last told, and what its API server made of it: it drops fields that its schema lacks. */
  told: { wanted: unknown; status: unknown } | undefined
  /** What went wrong at the last look after the consumer was told, and may stand still. */
  late: readonly LateProblem[]
  /** What was last applied, by provider, and what it came to where that is not the same. */
  settled: ReadonlyMap<string, Settled>
  /** Which versions of a related object were last found equal, by `<kind>/<name>`. */
  compared: ReadonlyMap<string, string>
}
