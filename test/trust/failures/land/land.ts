import type { Clusters } from '../../../../packages/service/src/clusters/clusters.ts'
import type { Compute } from '../../../../packages/service/src/clusters/compute.ts'
import type { Logger } from '../../../../packages/service/src/logger.ts'
import type { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place } from '../../../simulation/server/objects.ts'
import type { Sent } from '../../../simulation/server/request.ts'
import type { WireOptions } from '../../../simulation/server/wire.ts'
import type { Process } from '../../../simulation/world/process.ts'
import type { Asked } from '../asked.ts'

/** What a process of the broker is connected to. */
export type Opened = { clusters: Clusters; compute?: Compute | undefined }

/** Where the consumer `acme`, the providers and the platform of a failure world are: each on a server of its own, or all in one kcp. */
export type Land = {
  servers: readonly ApiServer[]
  providers: readonly string[]
  /** What each offer says of where its provider serves it. */
  offerSpec: object
  /** Where somebody has something. */
  at(name: string, place: Place): { server: ApiServer; place: Place }
  /** Whether a place is one for copies, where a provider's operator works. */
  holdsCopies(server: ApiServer, place: Place): boolean
  askedOf(server: ApiServer, request: Sent): Asked
  /** What a process of the broker has of it; must run in the process. */
  open(process: Process, wire: Omit<WireOptions, 'server'>, logger: Logger): Promise<Opened>
}
