import type { Offer, OfferRef } from '../filters/compile.ts'
import { type BrokeredObject, refusalsOf, subjectOf } from '../filters/match.ts'
import type { Refusal } from '../filters/refusal.ts'
import type { GVR } from '../kinds/meta.ts'
import { ResourceIndex } from './resource-index.ts'

/** One reason why one offer does not take one object. */
export type RefusedOffer = OfferRef & Refusal

/** Reasons, the first offers' by provider and name, and how many offers refused in all. */
export type Explanation = { refused: RefusedOffer[]; total: number }

/**
 * Every offer of every provider, arranged so that matching an object costs about the same among ten as among ten
 * thousand: it tries the offers whose best field fits, and those that only trying decides (cel, consumers alone).
 */
export class OfferIndex {
  readonly #providers = new Map<string, Map<string, Offer>>()
  readonly #resources = new Map<string, ResourceIndex>()
  #size = 0

  /** How many offers there are. */
  get size(): number {
    return this.#size
  }

  /** Clusters that have an offer, in the order in which they came. */
  get providers(): string[] {
    return [...this.#providers.keys()]
  }

  get({ providerCluster, name }: OfferRef): Offer | undefined {
    return this.#providers.get(providerCluster)?.get(name)
  }

  /** Adds an offer, in place of the one of the same provider and name. */
  set(offer: Offer): void {
    this.delete(offer.ref)
    const ofProvider = this.#providers.get(offer.ref.providerCluster) ?? new Map<string, Offer>()
    this.#providers.set(offer.ref.providerCluster, ofProvider.set(offer.ref.name, offer))
    const key = keyOfResource(offer.gvr)
    const ofResource = this.#resources.get(key) ?? new ResourceIndex()
    this.#resources.set(key, ofResource)
    ofResource.add(offer)
    this.#size += 1
  }

  /** Removes an offer; nothing happens if it is not there. */
  delete({ providerCluster, name }: OfferRef): void {
    const ofProvider = this.#providers.get(providerCluster)
    const offer = ofProvider?.get(name)
    if (ofProvider === undefined || offer === undefined) return
    ofProvider.delete(name)
    if (ofProvider.size === 0) this.#providers.delete(providerCluster)
    const key = keyOfResource(offer.gvr)
    const ofResource = this.#resources.get(key)
    ofResource?.delete(offer)
    if (ofResource?.size === 0) this.#resources.delete(key)
    this.#size -= 1
  }

  /** The offers that accept `object`, in no particular order. Capacity is not looked at: that is `decide`'s. */
  match(object: BrokeredObject): Offer[] {
    return this.#resources.get(keyOfResource(object.gvr))?.match(subjectOf(object.object, object.consumer)) ?? []
  }

  /**
   * Why the others do not accept `object` than those that do, as `match` tells. Takes offers by provider and name until there are `limit`
   * reasons; `total` counts all that refuse. Offers of other resources are not refusals.
   */
  explain(object: BrokeredObject, matching: readonly Offer[], limit: number): Explanation {
    const offers = this.#resources.get(keyOfResource(object.gvr))
    const total = (offers?.size ?? 0) - matching.length
    const refused: RefusedOffer[] = []
    if (offers === undefined || total === 0) return { refused, total }
    const subject = subjectOf(object.object, object.consumer)
    const accepting = new Set(matching)
    for (const offer of offers.sorted()) {
      if (refused.length >= limit) break
      if (accepting.has(offer)) continue
      for (const refusal of refusalsOf(offer, subject)) refused.push({ ...offer.ref, ...refusal })
    }
    return { refused: refused.slice(0, limit), total }
  }
}

/** A name for a resource, for maps; never taken apart. */
const keyOfResource = ({ group, version, resource }: GVR): string => `${resource}/${version}/${group}`
