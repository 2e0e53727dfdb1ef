import type { Logger } from '../../../../packages/service/src/logger.ts'
import { COMPUTE_SERVES, runJobs } from '../../../simulation/actors/job-runner.ts'
import type { Connected } from '../../../simulation/broker/replica.ts'
import { SimulatedClusters } from '../../../simulation/broker/simulated-clusters.ts'
import { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place } from '../../../simulation/server/objects.ts'
import type { Sent } from '../../../simulation/server/request.ts'
import type { WireOptions } from '../../../simulation/server/wire.ts'
import { COMPUTE } from '../../../simulation/world/places.ts'
import type { Process } from '../../../simulation/world/process.ts'
import type { VirtualTime } from '../../../simulation/world/virtual-time.ts'
import { SERVICES, type ServiceName } from '../../../support/broker.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'
import { type AskedBy, type At, askedOf } from '../asked.ts'
import type { Land } from './land.ts'
import { SERVED } from './things.ts'

const OTHERS: ReadonlyMap<string, At> = new Map([
  ['platform', 'platform'],
  ['acme', 'consumer'],
  [COMPUTE, 'compute cluster'],
])

/** Plain clusters: the platform, the consumer, two providers, and where stages of moves deploy if `isStaged`. */
export class PlainLand implements Land {
  readonly services: readonly ServiceName[] = SERVICES
  readonly providers = ['alpha', 'beta']
  readonly offerSpec = {}
  readonly #servers: ReadonlyMap<string, ApiServer>

  /** `aheadMs`: by how much whose clock is ahead. */
  constructor(time: VirtualTime, aheadMs: Readonly<Record<string, number>>, isStaged: boolean) {
    const names = ['platform', 'acme', ...this.providers, ...(isStaged ? [COMPUTE] : [])]
    const serverOf = (name: string) =>
      new ApiServer(name, () => time.now + (aheadMs[name] ?? 0), name === COMPUTE ? COMPUTE_SERVES : SERVED)
    this.#servers = new Map(names.map((name) => [name, serverOf(name)]))
    const server = this.#servers.get(COMPUTE)
    const acts = (act: () => void) => act()
    if (server !== undefined) runJobs({ time, server, random: new SeededRandom(3), isTroubled: () => false, acts })
  }

  get servers(): ApiServer[] {
    return [...this.#servers.values()]
  }

  at(name: string, place: Place): { server: ApiServer; place: Place } {
    return { server: this.#servers.get(name) as ApiServer, place }
  }

  holdsCopies({ name }: ApiServer): boolean {
    return this.providers.includes(name)
  }

  askedOf(server: ApiServer, request: Sent): Omit<AskedBy, 'by'> {
    const { name } = server
    return askedOf(OTHERS.get(name) ?? 'provider', server.read(request))
  }

  async open(process: Process, wire: Omit<WireOptions, 'server'>, logger: Logger): Promise<Connected> {
    const { providers } = this
    const clusters = new SimulatedClusters(
      { servers: this.#servers, consumers: ['acme'], providers, wire, isWhole: true },
      logger,
    )
    await clusters.follow(process.signal)
    return clusters
  }
}
