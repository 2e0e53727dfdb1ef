import { AcceptAPI } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { ApiServer } from '../server/api-server.ts'
import { resources } from '../world/places.ts'
import { ask } from './ask.ts'

const PLACE = { resource: resources.offers, name: 'things' }
/** Least and most size that an offer takes. */
const RANGES = [
  [1, 9],
  [1, 5],
  [4, 9],
  [5, 7],
] as const

/** Each provider has one offer, of which the capacity never changes. */
export class OfferKeeper {
  readonly #server: ApiServer
  readonly #random: SeededRandom
  readonly capacity: number | undefined
  /** What it offers, or did, and what before. */
  #last: object | undefined
  #before: object | undefined

  constructor(server: ApiServer, random: SeededRandom) {
    this.#server = server
    this.#random = random
    this.capacity = random.chance(0.3) ? random.between(1, 2) : undefined
  }

  /** Makes, changes or withdraws the offer. */
  act(): void {
    if (this.#server.find(PLACE) === undefined) this.offer()
    else if (this.#random.chance(0.3)) this.withdraw()
    else this.#set(this.#spec())
  }

  /** Undoes the last change. */
  takeBack(): void {
    const isThere = this.#server.find(PLACE) !== undefined
    const spec = isThere ? this.#before : this.#last
    if (spec !== undefined) this.#set(spec)
  }

  withdraw(): void {
    ask(this.#server, 'DELETE', PLACE, {})
  }

  offer(): void {
    if (this.#server.find(PLACE) === undefined) this.#set(this.#spec())
  }

  #set(spec: object): void {
    ;[this.#before, this.#last] = [this.#last, spec]
    if (this.#server.find(PLACE) !== undefined) return void ask(this.#server, 'PATCH', PLACE, { spec })
    const { apiVersion, kind } = AcceptAPI
    ask(this.#server, 'POST', PLACE, { apiVersion, kind, metadata: { name: PLACE.name }, spec })
  }

  #spec(): object {
    const [min, max] = this.#random.pick(RANGES)
    return {
      gvr: { group: 'example.test', version: 'v1', resource: 'things' },
      filters: [{ key: 'size', boundary: { min, max } }],
      ...(this.capacity === undefined ? {} : { capacity: this.capacity }),
    }
  }
}

/** Whether a server's offer, if it has one, takes a size. */
export function isOffered(server: ApiServer, size: number): boolean {
  const spec = server.find(PLACE)?.['spec'] as { filters: { boundary: { min: number; max: number } }[] } | undefined
  return spec?.filters.every(({ boundary: { min, max } }) => size >= min && size <= max) ?? false
}
