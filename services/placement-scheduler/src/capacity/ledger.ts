import { claimsPatch, type OfferRef, OfferUsage, offerUsageName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, readIfThere } from '@resource-broker/kube'
import { Batches } from '@resource-broker/service'
import { type Claims, settle, type Wish } from './claims.ts'

/** Which of these keys have no Assignment and no Migration that refers to the offer, as the platform says now. */
export type Unjustified = (offer: OfferRef, keys: string[]) => Promise<ReadonlySet<string>>

type LedgerOptions = {
  coordination: KubeClient
  capacity: () => number
  unjustified: Unjustified
  /** Called with each answer of the platform. */
  seen: (usage: OfferUsage) => void
}

/** The places of one offer, as the platform has them. What is asked for while a write is under way goes into the next one. */
export class Ledger {
  readonly #offer: OfferRef
  readonly #coordination: KubeClient
  readonly #capacity: () => number
  readonly #unjustified: Unjustified
  readonly #seen: (usage: OfferUsage) => void
  readonly #rounds = new Batches<Wish, boolean>((wishes) => this.#write(wishes))

  constructor(offer: OfferRef, { coordination, capacity, unjustified, seen }: LedgerOptions) {
    this.#offer = offer
    this.#coordination = coordination
    this.#capacity = capacity
    this.#unjustified = unjustified
    this.#seen = seen
  }

  /** Resolves, once the platform has it, with whether the wish came true. @throws what the API server refuses. */
  async ask(wish: Wish): Promise<boolean> {
    return await this.#rounds.ask(wish)
  }

  /**
   * Somebody else's write between the read and ours is a reason to begin anew: it got further, so this ends. A refusal though nobody
   * wrote is one.
   */
  async #write(wishes: Wish[]): Promise<boolean[]> {
    let refused: { version: string | undefined; error: unknown } | undefined
    for (;;) {
      const seen = await this.#read()
      const version = seen?.metadata.resourceVersion
      if (refused !== undefined && refused.version === version) throw refused.error
      const leaving = wishes.filter(({ kind }) => kind === 'release').map(({ key }) => key)
      const free = leaving.length === 0 ? new Set() : await this.#unjustified(this.#offer, leaving)
      const capacity = this.#capacity()
      const before = seen?.spec.claims ?? {}
      const due = wishes.filter(({ kind, key }) => kind !== 'release' || free.has(key))
      const { claims, granted } = settle(before, capacity, due)
      const answers = wishes.map((wish) => granted[due.indexOf(wish)] === true)
      const patch = claimsPatch(before, claims)
      if (patch === undefined) return answers
      try {
        await this.#put(seen, claims, patch, capacity)
        return answers
      } catch (error) {
        if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error
        refused = { version, error }
      }
    }
  }

  async #read(): Promise<OfferUsage | undefined> {
    const ref = { ...OfferUsage.resource, name: offerUsageName(this.#offer) }
    const object = await readIfThere<KubeObject>(this.#coordination, ref)
    if (object === undefined) return undefined
    const usage = OfferUsage.of(object)
    this.#seen(usage)
    return usage
  }

  async #put(seen: OfferUsage | undefined, claims: Claims, patch: object, capacity: number): Promise<void> {
    const name = offerUsageName(this.#offer)
    const limit = Number.isFinite(capacity) ? { capacity } : {}
    const status = { claimed: Object.keys(claims).length, ...limit }
    if (seen === undefined) {
      const { apiVersion, kind, resource } = OfferUsage
      const spec = { providerCluster: this.#offer.providerCluster, acceptAPIName: this.#offer.name, claims }
      const body = { apiVersion, kind, metadata: { name }, spec, status }
      this.#seen(OfferUsage.of(await this.#coordination.create<KubeObject>({ ...resource }, body)))
      return
    }
    const { uid, resourceVersion } = seen.metadata
    const body = { metadata: { uid, resourceVersion }, spec: { claims: patch }, status }
    this.#seen(OfferUsage.of(await this.#coordination.mergePatch<KubeObject>({ ...OfferUsage.resource, name }, body)))
  }
}
