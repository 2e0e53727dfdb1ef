import type { Clusters } from '../../../../packages/service/src/clusters/clusters.ts'
import type { Logger } from '../../../../packages/service/src/logger.ts'
import { SimulatedClusters } from '../../../simulation/broker/simulated-clusters.ts'
import { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place } from '../../../simulation/server/objects.ts'
import type { Sent } from '../../../simulation/server/request.ts'
import type { WireOptions } from '../../../simulation/server/wire.ts'
import type { Process } from '../../../simulation/world/process.ts'
import type { VirtualTime } from '../../../simulation/world/virtual-time.ts'
import { type Asked, askedOf } from '../asked.ts'
import type { Land } from './land.ts'
import { SERVED } from './things.ts'

/** Plain clusters: the platform, the consumer, and two providers. */
export class PlainLand implements Land {
  readonly providers = ['alpha', 'beta']
  readonly offerSpec = {}
  readonly #servers: ReadonlyMap<string, ApiServer>

  /** `aheadMs`: by how much whose clock is ahead. */
  constructor(time: VirtualTime, aheadMs: Readonly<Record<string, number>>) {
    const names = ['platform', 'acme', ...this.providers]
    this.#servers = new Map(
      names.map((name) => [name, new ApiServer(name, () => time.now + (aheadMs[name] ?? 0), SERVED)]),
    )
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

  askedOf(server: ApiServer, request: Sent): Asked {
    const { name } = server
    const at = name === 'platform' ? 'platform' : name === 'acme' ? 'consumer' : 'provider'
    return askedOf(at, server.read(request))
  }

  async open(process: Process, wire: Omit<WireOptions, 'server'>, logger: Logger): Promise<Clusters> {
    const { providers } = this
    const clusters = new SimulatedClusters(
      { servers: this.#servers, consumers: ['acme'], providers, wire, isWhole: true },
      logger,
    )
    await clusters.follow(process.signal)
    return clusters.clusters
  }
}
