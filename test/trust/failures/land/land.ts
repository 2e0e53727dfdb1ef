import type { Logger } from '../../../../packages/service/src/logger.ts'
import type { Connected } from '../../../simulation/broker/replica.ts'
import type { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place } from '../../../simulation/server/objects.ts'
import type { Sent } from '../../../simulation/server/request.ts'
import type { WireOptions } from '../../../simulation/server/wire.ts'
import type { Process } from '../../../simulation/world/process.ts'
import type { ServiceName } from '../../../support/broker.ts'
import type { AskedBy } from '../asked.ts'

/** Where the consumer `acme`, the providers and the platform of a failure world are: each on a server of its own, or all in one kcp. */
export type Land = {
  servers: readonly ApiServer[]
  /** The services that have something to do there. */
  services: readonly ServiceName[]
  providers: readonly string[]
  /** What each offer says of where its provider serves it. */
  offerSpec: object
  /** Where somebody has something. */
  at(name: string, place: Place): { server: ApiServer; place: Place }
  /** Whether a place is one for copies, where a provider's operator works. */
  holdsCopies(server: ApiServer, place: Place): boolean
  askedOf(server: ApiServer, request: Sent): Omit<AskedBy, 'by'>
  /** What a service has of it in a process of the broker; must run in the process. */
  open(process: Process, wire: Omit<WireOptions, 'server'>, logger: Logger): Promise<Connected>
}
