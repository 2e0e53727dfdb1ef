import type { Clusters } from '@resource-broker/service'
import type { Logger } from 'pino'

/** What the handlers of the syncer work with. */
export type SyncerContext = {
  clusters: Clusters
  logger: Logger
  now: () => Date
  /** Which versions of a related object were last found equal: `<provider>/<origin version>/<consumer's version>` by key, kind and name. */
  compared: Map<string, string>
}
