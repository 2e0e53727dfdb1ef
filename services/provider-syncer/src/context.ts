import type { Bus } from '@resource-broker/bus'
import type { Clusters, Logger } from '@resource-broker/service'
import type { Waiting } from './waiting.ts'

/** What the handlers of the syncer work with. */
export type SyncerContext = SyncerSurroundings & SyncerMemory

export type SyncerSurroundings = {
  bus: Bus
  clusters: Clusters
  logger: Logger
  /** Keys whose copy has no place to go to yet. */
  waiting: Waiting
  now: () => Date
}

/** What is remembered of a partition for as long as it is owned. */
export type SyncerMemory = {
  /** Which versions of a related object were last found equal: by key, then `<kind>/<name>`, `<provider>/<origin's version>/<consumer's version>`. */
  compared: Map<string, Map<string, string>>
  /**
   * What the consumer was last told, by key, and what its API server made of it: it drops fields that its schema lacks, and the
   * same would otherwise be written again at each event.
   */
  told: Map<string, { wanted: unknown; status: unknown }>
}
