import type { SeededRandom } from '../../support/seeded-random.ts'
import { deleteCopy } from '../actors/admin.ts'
import type { BucketStore } from '../bus/simulated-bucket.ts'
import type { SimulatedStream } from '../bus/state-stream.ts'
import type { ApiServer } from '../server/api-server.ts'
import type { Lives } from './lives.ts'
import { PROVIDERS, type Servers, serverOf } from './places.ts'
import type { Story } from './story.ts'
import type { VirtualTime } from './virtual-time.ts'

type Options = {
  time: VirtualTime
  story: Story
  servers: Servers
  stream: SimulatedStream
  offers: BucketStore
  lives: Lives
  replicas: readonly string[]
  chance: Record<'events' | 'ambush', SeededRandom>
  as: (who: string, run: () => void) => void
}

/** What goes wrong in a world, apart from what its wires do. */
export class Faults {
  readonly #options: Options
  /** The provider that does not come back. */
  #lost: string | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** One of them, by chance. */
  strike(): void {
    const { lives, servers, replicas, as, chance } = this.#options
    const { events } = chance
    const faults = [
      () => lives.crash(events.pick(replicas)),
      () => lives.freeze(events.pick(replicas), events.between(500, 15_000)),
      () => this.handOver(),
      () => this.handOver(),
      () => lives.leavePartition(events.pick(replicas)),
      () => this.#wipe(),
      () => this.#cutOff(events.pick([...servers.values()]), events.between(500, 12_000)),
      () => this.leave(events.pick(PROVIDERS), events.between(500, 12_000)),
      () => as('admin', () => deleteCopy(serverOf(servers, events.pick(PROVIDERS)), events)),
    ]
    events.pick(faults)()
  }

  /** A partition of some service loses its owner. */
  handOver(): void {
    const { stream, chance } = this.#options
    const { subscriptions } = stream
    if (subscriptions.length > 0) stream.unpin(chance.events.pick(subscriptions))
  }

  /** A provider's kubeconfig is away for a while. */
  leave(provider: string, ms: number): void {
    const { lives, chance, servers, as, time } = this.#options
    if (lives.away.has(provider)) return
    lives.setAway(provider, true)
    if (chance.ambush.chance(0.2)) as('admin', () => deleteCopy(serverOf(servers, provider), chance.ambush))
    time.after(ms, () => provider !== this.#lost && lives.setAway(provider, false))
  }

  /** A provider's kubeconfig is away for good. */
  lose(provider: string): void {
    const { lives } = this.#options
    this.#lost = provider
    if (!lives.away.has(provider)) lives.setAway(provider, true)
  }

  #wipe(): void {
    const { story, stream, offers } = this.#options
    story.tell('the world', 'wipes the streams')
    stream.wipe()
    offers.wipe()
  }

  /** For a while; every other one starts then, and refuses everything until it has. */
  #cutOff(server: ApiServer, ms: number): void {
    const { story, time } = this.#options
    if (server.trouble !== undefined) return
    const pass = (what: string, trouble: ApiServer['trouble']) => {
      story.tell('the world', `${what} ${server.name}`)
      server.setTrouble(trouble)
    }
    pass('cuts off', 'cut off')
    const connect = () => pass('connects', undefined)
    time.after(ms, () => {
      if (ms % 2 === 0) return connect()
      pass('starts', 'starting')
      time.after(ms, connect)
    })
  }
}
