import type { Offer } from '../filters/compile.ts'
import { holds, type Subject } from '../filters/match.ts'
import type { Path } from '../filters/path.ts'
import type { Lookup } from '../filters/rules.ts'
import { PathTrie } from './path-trie.ts'
import { compareRefs } from './rank.ts'

type Place = { path: Path; lookup: Lookup }

/** The offers of one resource, each found through the field that selects it best, or tried always if none does. */
export class ResourceIndex {
  readonly #fields = new PathTrie()
  readonly #residual = new Set<Offer>()
  readonly #places = new Map<Offer, Place | undefined>()
  #sorted: Offer[] | undefined

  get size(): number {
    return this.#places.size
  }

  add(offer: Offer): void {
    const place = this.#bestPlace(offer)
    if (place === undefined) this.#residual.add(offer)
    else this.#fields.field(place.path).add(place.lookup, offer)
    this.#places.set(offer, place)
    this.#sorted = undefined
  }

  delete(offer: Offer): void {
    const place = this.#places.get(offer)
    if (place === undefined) this.#residual.delete(offer)
    else {
      this.#fields.field(place.path).delete(place.lookup, offer)
      this.#fields.prune(place.path)
    }
    this.#places.delete(offer)
    this.#sorted = undefined
  }

  /** The offers of which everything holds, in no particular order. */
  match(subject: Subject): Offer[] {
    const candidates = [...this.#residual]
    this.#fields.walk(subject.spec, (field, value) => field.collect(value, candidates))
    return candidates.filter((offer) => holds(offer, subject))
  }

  /** All offers by provider and name. */
  sorted(): readonly Offer[] {
    this.#sorted ??= [...this.#places.keys()].sort((a, b) => compareRefs(a.ref, b.ref))
    return this.#sorted
  }

  /** Where an offer would share its bucket with the fewest others; the first such place in the order of its filters. */
  #bestPlace(offer: Offer): Place | undefined {
    let best: Place | undefined
    let least = Number.POSITIVE_INFINITY
    const places = placesOf(offer)
    for (const place of places) {
      const crowd = this.#fields.field(place.path).crowd(place.lookup)
      if (best === undefined || crowd < least) [best, least] = [place, crowd]
    }
    for (const { path } of places) if (path !== best?.path) this.#fields.prune(path)
    return best
  }
}

/** Everywhere that an offer could be looked up. */
function placesOf({ filters }: Offer): Place[] {
  return filters.flatMap(({ path, rules, program }) => {
    const ofRules = rules.flatMap(({ lookup }) => (lookup === undefined ? [] : [{ path, lookup }]))
    return [...ofRules, ...(program?.necessary ?? [])]
  })
}
