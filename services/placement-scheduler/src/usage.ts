import { Assignment, type OfferRef } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'

/** How many of the objects that this replica has seen are bound by each offer: what an offer's capacity is held against. */
export class Usage {
  readonly #byKey = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  of({ providerCluster, name }: OfferRef): number {
    return this.#counts.get(`${providerCluster}\n${name}`) ?? 0
  }

  /** Takes what is known of one key now. */
  note(key: string, view: KeyView): void {
    const object = view.get('assignment')?.object
    const spec = object === undefined || object === null ? undefined : Assignment.of(object).spec
    const now = spec === undefined ? undefined : `${spec.providerCluster}\n${spec.acceptAPIName}`
    const before = this.#byKey.get(key)
    if (now === before) return
    if (before !== undefined) this.#counts.set(before, (this.#counts.get(before) ?? 1) - 1)
    if (now === undefined) this.#byKey.delete(key)
    else {
      this.#byKey.set(key, now)
      this.#counts.set(now, (this.#counts.get(now) ?? 0) + 1)
    }
  }
}
