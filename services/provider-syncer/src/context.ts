import type { Bus } from '@resource-broker/bus'
import type { Clusters, Logger } from '@resource-broker/service'
import type { DesiredCopy } from './plan/desired-copy.ts'
import type { Problem } from './plan/problem.ts'
import type { Waiting } from './waiting.ts'

/** What the handlers of the syncer work with in one run. */
export type SyncerContext = Surroundings & SyncerMemory & Run

/** What is there for all runs. */
export type Surroundings = {
  bus: Pick<Bus, 'publish'>
  clusters: Clusters
  logger: Logger
  /** Keys whose copy has no place to go to yet, or is at a provider that cannot be reached. */
  waiting: Waiting
  now: () => Date
}

type Run = {
  /** @throws {OwnershipLostError} once the partition is another replica's, or may be. */
  check: () => void
}

/** A copy as it was applied, and what there was then of it besides metadata and status. */
export type Settled = { desired: DesiredCopy; content: unknown }

/** A problem, and the action that it came of. */
export type LateProblem = { of: string; problem: Problem }

/** What is remembered of a partition for as long as it is owned. */
export type SyncerMemory = {
  /** Which versions of a related object were last found equal: by key, then `<kind>/<name>`, `<provider>/<origin's version>/<consumer's version>`. */
  compared: Map<string, Map<string, string>>
  /**
   * What the consumer was last told, by key, and what its API server made of it: it drops fields that its schema lacks, and the
   * same would otherwise be written again at each event.
   */
  told: Map<string, { wanted: unknown; status: unknown }>
  /**
   * What was last applied to copies that are not just what was applied afterwards, as where a provider adds to a list, and what their API
   * server made of it: by key, then provider.
   */
  settled: Map<string, Map<string, Settled>>
  /** When a serving copy was first seen without a status, by key: its uid, and milliseconds of the broker's own clock. */
  silent: Map<string, { uid: string; since: number }>
  /** When another object was first seen in the place of an Assignment's, by key: its uid, and milliseconds of the broker's own clock. */
  replaced: Map<string, { uid: string; since: number }>
  /** What the log was last told to be in the way, by key. */
  said: Map<string, string>
  /** Problems of the look before that a look finds only after it has told the consumer, by key. */
  late: Map<string, LateProblem[]>
  /** What was last told of the moves of an object, by key, then the uid of the Migration. */
  moves: Map<string, ReadonlyMap<string, string>>
  /** Since when there is trouble that may pass by itself, by key, in milliseconds of the broker's own clock. */
  troubled: Map<string, number>
}

export const newMemory = (): SyncerMemory => ({
  compared: new Map(),
  told: new Map(),
  settled: new Map(),
  silent: new Map(),
  replaced: new Map(),
  said: new Map(),
  late: new Map(),
  moves: new Map(),
  troubled: new Map(),
})
