import { claimsPatch, isPartOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, readIfThere } from '@resource-broker/kube'
import { Batches } from '@resource-broker/service'
import { type Held, settle, type Wish } from './claims.ts'
import { heldBy, type Terms, type UsageKind, type UsageRecord } from './usage-kind.ts'

/** Which of these keys have nothing that refers to what the places are of, as the platform says now. */
export type Unjustified<T> = (of: T, keys: string[]) => Promise<ReadonlySet<string>>

type LedgerOptions<T, R extends UsageRecord> = {
  coordination: KubeClient
  kind: UsageKind<T, R>
  /** By which terms places are given, where they are recorded as `seen`; undefined: nothing limits them any more. */
  terms: (of: T, seen: R | undefined) => Terms | undefined | Promise<Terms | undefined>
  unjustified: Unjustified<T>
  /** Called with each answer of the platform. */
  seen: (record: R) => void
}

/** The places of one thing, as the platform has them. What is asked for while a write is under way goes into the next one. */
export class Ledger<T, R extends UsageRecord> {
  readonly #of: T
  readonly #options: LedgerOptions<T, R>
  readonly #rounds = new Batches<Wish, boolean>((wishes) => this.#write(wishes))

  constructor(of: T, options: LedgerOptions<T, R>) {
    this.#of = of
    this.#options = options
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
      const free = leaving.length === 0 ? new Set() : await this.#options.unjustified(this.#of, leaving)
      const asked = this.#options.terms(this.#of, seen)
      const terms = asked instanceof Promise ? await asked : asked
      if (terms === undefined) return wishes.map(() => true)
      const before = seen === undefined ? { claims: {}, waiting: {} } : heldBy(seen)
      const due = wishes.filter(({ kind, key }) => kind !== 'release' || free.has(key))
      const { held, granted } = settle(before, terms.places, [...due, ...terms.holds])
      const answers = wishes.map((wish) => granted[due.indexOf(wish)] === true)
      const patch = patchOf(seen, before, held, terms)
      if (patch === undefined) return answers
      try {
        await this.#put(seen, held, patch, terms)
        return answers
      } catch (error) {
        if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error
        refused = { version, error }
      }
    }
  }

  async #read(): Promise<R | undefined> {
    const { coordination, kind, seen } = this.#options
    const object = await readIfThere<KubeObject>(coordination, { ...kind.resource, name: kind.nameOf(this.#of) })
    if (object === undefined) return undefined
    const record = kind.of(object)
    seen(record)
    return record
  }

  async #put(seen: R | undefined, held: Held, patch: object, terms: Terms): Promise<void> {
    const { coordination, kind } = this.#options
    const name = kind.nameOf(this.#of)
    const status = kind.status(held, Number.isFinite(terms.places) ? terms.places : undefined)
    if (seen === undefined) {
      const spec = { ...terms.spec, ...filled(held) }
      const body = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name }, spec, status }
      this.#options.seen(kind.of(await coordination.create<KubeObject>({ ...kind.resource }, body)))
      return
    }
    const { uid, resourceVersion } = seen.metadata
    const body = { metadata: { uid, resourceVersion }, spec: patch, status }
    this.#options.seen(kind.of(await coordination.mergePatch<KubeObject>({ ...kind.resource, name }, body)))
  }
}

/** What of the spec changes; undefined: nothing does. */
function patchOf(seen: UsageRecord | undefined, before: Held, after: Held, { spec }: Terms): object | undefined {
  const claims = claimsPatch(before.claims, after.claims)
  const waiting = claimsPatch(before.waiting, after.waiting)
  const isSaid = seen === undefined || isPartOf(spec, seen.spec)
  if (claims === undefined && waiting === undefined && isSaid) return undefined
  return { ...(isSaid ? {} : spec), ...(claims && { claims }), ...(waiting && { waiting }) }
}

/** A record in which nobody ever waited says nothing of a line. */
const filled = ({ claims, waiting }: Held): Partial<Held> =>
  Object.keys(waiting).length === 0 ? { claims } : { claims, waiting }
