import { Assignment, hasEnded, isMoveOf, Migration, type OfferRef } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'

/**
 * How many of the objects that this replica has seen are bound by each offer, or on their way there: what an offer's capacity is
 * held against.
 */
export class Usage {
  readonly #byKey = new Map<string, Map<string, OfferRef>>()
  readonly #counts = new Map<string, number>()
  readonly #freed: (offer: OfferRef) => void

  /** `freed` is called when an offer has one object less. */
  constructor(freed: (offer: OfferRef) => void = () => undefined) {
    this.#freed = freed
  }

  of(offer: OfferRef): number {
    return this.#counts.get(id(offer)) ?? 0
  }

  /** Counts an object that is about to be bound, until `note` says what came of it. */
  reserve(key: string, offer: OfferRef): void {
    this.#set(key, [...(this.#byKey.get(key)?.values() ?? []), offer])
  }

  /** Takes what is known of one key now. */
  note(key: string, view: KeyView): void {
    this.#set(key, offersOf(view))
  }

  #set(key: string, offers: OfferRef[]): void {
    const now = new Map(offers.map((offer) => [id(offer), offer]))
    const before = this.#byKey.get(key) ?? new Map<string, OfferRef>()
    if (now.size > 0) this.#byKey.set(key, now)
    else this.#byKey.delete(key)
    for (const name of now.keys()) if (!before.has(name)) this.#add(name, 1)
    for (const [name, offer] of before) {
      if (now.has(name)) continue
      this.#add(name, -1)
      this.#freed(offer)
    }
  }

  #add(name: string, by: number): void {
    const count = (this.#counts.get(name) ?? 0) + by
    if (count === 0) this.#counts.delete(name)
    else this.#counts.set(name, count)
  }
}

/** The offer that has the object, and those that it moves to; one that it leaves has room again. */
function offersOf(view: KeyView): OfferRef[] {
  const object = view.get('assignment')?.object
  if (object === undefined || object === null) return []
  const assignment = Assignment.of(object)
  const { spec } = assignment
  const arriving = (spec.copies ?? []).filter(({ role }) => role !== 'Outgoing')
  const migrations = [...view.all('migration').values()].flatMap((message) =>
    message.object === null ? [] : [Migration.of(message.object)],
  )
  const targets = migrations
    .filter((migration) => isMoveOf(migration, assignment) && !hasEnded(migration))
    .map((migration) => migration.spec.to)
  return [spec, ...arriving, ...targets].map(({ providerCluster, acceptAPIName }) => ({
    providerCluster,
    name: acceptAPIName,
  }))
}

function id({ providerCluster, name }: OfferRef): string {
  return `${providerCluster}\n${name}`
}
