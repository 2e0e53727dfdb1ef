import {
  Assignment,
  assignmentName,
  Migration,
  migrationsOf,
  type OfferRef,
  OfferUsage,
  offerUsageName,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { type KubeClient, readIfThere } from '@resource-broker/kube'
import { type Logger, together } from '@resource-broker/service'
import { Places, type Seen } from '../places/places.ts'
import type { UsageKind } from '../places/usage-kind.ts'
import { offersOf } from './claimants.ts'

type Options = {
  coordination: KubeClient
  /** How many places an offer has; infinite: it has no capacity, and nothing is written for it. */
  capacityOf: (offer: OfferRef) => number | undefined
  /** Called after places came free. */
  freed: () => void
  /** Milliseconds since 1970. */
  now: () => number
  logger: Logger
}

const NOWHERE: ReadonlySet<string> = new Set()

/** Who has a place at which offer, as OfferUsages record it. */
export class Capacity {
  readonly #options: Options
  readonly #places: Places<OfferRef, OfferUsage>
  readonly #names = new WeakMap<OfferRef, string>()

  constructor(options: Options) {
    this.#options = options
    const { coordination, logger, now, capacityOf } = options
    this.#places = new Places({
      ...{ coordination, logger, now },
      kind: this.#kind,
      isLimited: (offer) => Number.isFinite(capacityOf(offer) ?? Number.POSITIVE_INFINITY),
      terms: (offer) => ({ places: capacityOf(offer) ?? 0, spec: namesOf(offer), holds: [] }),
      unjustified: (offer, keys) => this.#unjustified(offer, keys),
      owned,
      waitsIn: () => NOWHERE,
      concerns: () => true,
      changed: (_name, seen, before) => this.#changed(seen, before),
    })
  }

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#places.obstacle
  }

  /** Resolves once all OfferUsages are known; goes on in the background until `signal` aborts. */
  start(signal: AbortSignal): Promise<void> {
    return this.#places.start(signal)
  }

  /** How many others than this key have a place at an offer. */
  usageBy(key: string): (offer: OfferRef) => number {
    return (offer) => {
      const seen = this.#places.get(this.#nameOf(offer))
      return seen === undefined ? 0 : seen.count - (seen.claims[key] === undefined ? 0 : 1)
    }
  }

  /** Whether the object has a place at the offer now: true at once for an offer without a capacity. */
  async claim(key: string, uid: string, offer: OfferRef): Promise<boolean> {
    const capacity = this.#options.capacityOf(offer)
    if (capacity === undefined) return false // it was withdrawn since the decision
    if (capacity === Number.POSITIVE_INFINITY) return true
    return await this.#places.ask(offer, { kind: 'claim', key, uid })
  }

  /** Keys that have a place somewhere. */
  keys(): Iterable<string> {
    return this.#places.keys()
  }

  /** Whether `settle` has something to do. */
  isUnsettled(key: string, view: KeyView): boolean {
    return this.#places.isUnsettled(key, view)
  }

  /** Gives back the places that nothing of what is known of the key refers to, and notes those that it has and nobody wrote down. */
  settle(key: string, view: KeyView): Promise<void> {
    return this.#places.settle(key, view)
  }

  get #kind(): UsageKind<OfferRef, OfferUsage> {
    const { kind, apiVersion, resource, of, parse } = OfferUsage
    return {
      ...{ kind, apiVersion, resource, of, parse, plural: 'OfferUsages' },
      nameOf: offerUsageName,
      subject: ({ spec: { providerCluster, acceptAPIName: name } }) => ({ providerCluster, name }),
      status: ({ claims }, capacity) => ({
        claimed: Object.keys(claims).length,
        ...(capacity === undefined ? {} : { capacity }),
      }),
    }
  }

  /** A name is a digest, which is made once for each offer that is known: a decision asks for those of many. */
  #nameOf(offer: OfferRef): string {
    const known = this.#names.get(offer)
    if (known !== undefined) return known
    const name = offerUsageName(offer)
    this.#names.set(offer, name)
    return name
  }

  /** Where a record is gone nobody can say who had a place. */
  #changed(seen: Seen<OfferRef, OfferUsage> | undefined, before: Seen<OfferRef, OfferUsage> | undefined): void {
    if (seen !== undefined && Object.keys(before?.claims ?? {}).some((key) => seen.claims[key] === undefined))
      this.#options.freed()
  }

  /** Asks the platform itself: what is known here may be behind what another replica did. Of what nobody can read the place stays. */
  async #unjustified(offer: OfferRef, keys: string[]): Promise<ReadonlySet<string>> {
    const { coordination } = this.#options
    const list = await coordination.list<KubeObject>({ ...Migration.resource })
    const free = keys.map(async (key) => {
      const name = assignmentName(key)
      const record = await readIfThere<KubeObject>(coordination, { ...Assignment.resource, name })
      const own = migrationsOf(name, list.items).map((object) => Migration.parse(object))
      const assignment = record && Assignment.parse(record)
      if (assignment?.ok === false || own.some(({ ok }) => !ok)) return []
      const migrations = own.flatMap((parsed) => (parsed.ok ? [parsed.value] : []))
      const offers = offersOf(assignment?.value, migrations).map(offerUsageName)
      return offers.includes(offerUsageName(offer)) ? [] : [key]
    })
    return new Set((await together(free)).flat())
  }
}

const namesOf = ({ providerCluster, name }: OfferRef) => ({ providerCluster, acceptAPIName: name })

/** By the records of an object. */
function owned(view: KeyView): { uid: string; of: OfferRef[] } {
  const record = view.get('assignment')?.object
  const assignment = record === undefined || record === null ? undefined : Assignment.of(record)
  const migrations = [...view.all('migration').values()].flatMap(({ object }) =>
    object === null ? [] : [Migration.of(object)],
  )
  return { uid: assignment?.spec.uid ?? '', of: offersOf(assignment, migrations) }
}
