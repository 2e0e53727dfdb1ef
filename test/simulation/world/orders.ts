import { PlacementPolicy, Provider, providerName, type Standing, standingOf } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { ask } from '../actors/ask.ts'
import { putThing } from '../actors/user.ts'
import { CONSUMER, PROVIDERS, resources, type Servers, serverOf } from './places.ts'
import type { VirtualTime } from './virtual-time.ts'

type Order = Pick<Provider['spec'], 'unschedulable' | 'drain'> & {
  /** Labelled as one to which the policy lets nothing come. */
  isShunned?: true
}

/** How a provider is drained. */
export const DRAIN = { maxConcurrent: 1 }

/** What the platform may say of a provider; as often nothing as something. */
const ORDERS: readonly Order[] = [{}, {}, {}, { unschedulable: true }, { drain: DRAIN }, { isShunned: true }]
const LAST: readonly Order[] = [{ unschedulable: true }, { drain: DRAIN }, { isShunned: true }]

const SHUNNED = 'shunned'
const { apiVersion, kind } = PlacementPolicy
const POLICY = {
  ...{ apiVersion, kind, metadata: { name: 'not-where-shunned' } },
  spec: { selector: {}, require: [{ matchExpressions: [{ key: SHUNNED, operator: 'DoesNotExist' }] }] },
}
const AT_POLICY = { resource: resources.policies, name: POLICY.metadata.name }
/** How often there is no policy after an order. */
const LAWLESS = 0.25

/** Longer than whatever keeps a replica from hearing of the last order, or a request on its way, after the last fault. */
const HEARD_MS = 30_000

type Options = {
  servers: Servers
  time: VirtualTime
  random: SeededRandom
  /** Names of the users' objects. */
  names: readonly string[]
  as: (who: string, run: () => void) => void
}

/** Somebody at the platform says what providers are to do, and takes it back. */
export class Orders {
  readonly #options: Options
  /** When the last was given, milliseconds since the beginning. */
  #last: number | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Gives one order, to one provider, and makes the policy, or takes it back. */
  give(): void {
    const { random } = this.#options
    this.#tell(random.pick(PROVIDERS), random.pick(ORDERS))
    this.#legislate(!random.chance(LAWLESS))
  }

  /** The last order, which stays: one provider takes nothing more. When everybody has heard, users change their minds once more. */
  settle(): void {
    const { servers, time, random, names, as } = this.#options
    this.#tell(random.pick(PROVIDERS), random.pick(LAST))
    this.#legislate(true)
    this.#last = time.elapsed
    time.after(HEARD_MS, () => {
      for (const name of names) as('user', () => putThing(serverOf(servers, CONSUMER), name, random))
    })
  }

  /** Providers of which each replica must know by now that nothing is to come there. */
  get closed(): readonly string[] {
    const { servers, time } = this.#options
    if (this.#last === undefined || time.elapsed - this.#last < HEARD_MS) return []
    return PROVIDERS.filter((provider) => standingIn(servers, provider) !== 'open')
  }

  #legislate(isThere: boolean): void {
    const { servers, as } = this.#options
    const platform = serverOf(servers, 'platform')
    if ((platform.find(AT_POLICY) !== undefined) === isThere) return
    as('platform', () => void (isThere ? ask(platform, 'POST', AT_POLICY, POLICY) : ask(platform, 'DELETE', AT_POLICY)))
  }

  #tell(provider: string, { isShunned, ...order }: Order): void {
    const { servers, as } = this.#options
    const platform = serverOf(servers, 'platform')
    const place = placeOf(provider)
    const labels = { [SHUNNED]: isShunned === true ? 'yes' : null }
    const body = {
      ...{ apiVersion: Provider.apiVersion, kind: Provider.kind },
      metadata: { name: place.name, ...(isShunned === true ? { labels } : {}) },
      spec: { providerCluster: provider, ...order },
    }
    as('platform', () => {
      if (platform.find(place) === undefined) ask(platform, 'POST', place, body)
      else ask(platform, 'PATCH', place, { metadata: { labels }, spec: { unschedulable: null, drain: null, ...order } })
    })
  }
}

const placeOf = (provider: string) => ({ resource: resources.providers, name: providerName(provider) })

/** What the platform has a provider do; to one that its policy shuns nothing comes either, and what is there stays. */
export function standingIn(servers: Servers, provider: string): Standing {
  const platform = serverOf(servers, 'platform')
  const record = platform.find(placeOf(provider)) as unknown as Provider | undefined
  const stands = standingOf(record)
  const isShunned = record?.metadata.labels?.[SHUNNED] !== undefined && platform.find(AT_POLICY) !== undefined
  return stands === 'open' && isShunned ? 'cordoned' : stands
}
