import { AcceptAPI, compileAcceptAPI, OfferIndex, type OfferRef } from '@resource-broker/api'
import { type Bucket, type OfferEntry, offerKey } from '@resource-broker/bus'
import type { Logger } from '@resource-broker/service'

/** The index of offers, kept current from the bucket that the registry fills. */
export class Offers {
  readonly index = new OfferIndex()
  readonly #bucket: Pick<Bucket<OfferEntry>, 'watch'>
  readonly #logger: Logger
  readonly #changed: () => void
  readonly #entries = new Map<string, OfferRef>()
  readonly #limits = new Map<string, number>()
  readonly #generations = new Map<string, number>()

  /** `changed` is called after the index changed, also when it was read for the first time. */
  constructor(bucket: Pick<Bucket<OfferEntry>, 'watch'>, logger: Logger, changed: () => void) {
    this.#bucket = bucket
    this.#logger = logger
    this.#changed = changed
  }

  /** Resolves once every offer that the bucket holds is in the index; goes on in the background until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => void this.#follow(signal, resolve))
  }

  /** Whether the registry has spoken of this offer: what it does not accept then is no matter of lateness. */
  isKnown(ref: OfferRef): boolean {
    return this.#entries.has(offerKey(ref.providerCluster, ref.name))
  }

  /** How many objects the offer takes; infinite: it has no capacity; undefined: there is no such offer, or none that is valid. */
  capacityOf(ref: OfferRef): number | undefined {
    return this.#limits.get(offerKey(ref.providerCluster, ref.name))
  }

  /** metadata.generation of an offer that is in force; 0: none is. */
  generationOf(ref: OfferRef): number {
    return this.#generations.get(offerKey(ref.providerCluster, ref.name)) ?? 0
  }

  async #follow(signal: AbortSignal, ready: () => void): Promise<void> {
    while (!signal.aborted) {
      const seen = new Set<string>()
      const forget = setTimeout(() => this.#forgetAllBut(seen), FORGET_MS)
      try {
        for await (const entry of this.#bucket.watch(signal)) {
          if (entry === 'ready') ready()
          else {
            seen.add(entry.key)
            this.#take(entry.key, entry.value)
          }
          this.#changed()
        }
      } catch (error) {
        this.#logger.warn({ err: error }, 'offers are not readable, trying again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      } finally {
        clearTimeout(forget)
      }
    }
  }

  /** Offers that a bucket made anew was not filled with went while there was none. */
  #forgetAllBut(seen: Set<string>): void {
    const gone = [...this.#entries.keys()].filter((key) => !seen.has(key))
    for (const key of gone) this.#take(key, undefined)
    if (gone.length > 0) this.#changed()
  }

  #take(key: string, entry: OfferEntry | undefined): void {
    const known = this.#entries.get(key)
    if (known !== undefined) this.index.delete(known)
    this.#entries.delete(key)
    this.#limits.delete(key)
    this.#generations.delete(key)
    if (entry === undefined) return
    const ref = { providerCluster: entry.provider, name: entry.name }
    this.#entries.set(key, ref)
    if (entry.object === null) return // known, but not valid
    const parsed = AcceptAPI.schema.safeParse(entry.object)
    if (!parsed.success) {
      const err = parsed.error.message
      this.#logger.error({ provider: entry.provider, acceptAPI: entry.name, err }, 'offer is not readable here')
      return
    }
    const compiled = compileAcceptAPI(parsed.data, entry.provider)
    if ('offer' in compiled) {
      this.index.set(compiled.offer)
      this.#limits.set(key, compiled.offer.capacity)
      this.#generations.set(key, entry.object.metadata.generation ?? 0)
    } else
      this.#logger.error(
        { provider: entry.provider, acceptAPI: entry.name, mistakes: compiled.mistakes },
        'offer does not compile here',
      )
  }
}

const RETRY_MS = 500
/** The registry fills a bucket that was lost far sooner; until then what was known stays in force. */
const FORGET_MS = 30_000
