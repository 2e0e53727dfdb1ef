import { isDeepStrictEqual } from 'node:util'
import {
  claimsPatch,
  type MigrationClaim,
  MigrationUsage,
  mergePatchOf,
  migrationUsageName,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, readIfThere } from '@resource-broker/kube'
import { Batches } from '@resource-broker/service'
import type { Wait } from '../plan/step.ts'
import type { Causes, Count } from './brake.ts'

/** The places of moves that run, by the name of the Migration. */
export type Claims = Readonly<Record<string, MigrationClaim>>

/** A place for the move of a Migration, or its place given back; and what is counted if that comes true. */
export type Wish = { name: string; uid: string; claim: MigrationClaim | null; count?: Count | undefined }

/** What the record says: who runs, and how many moves each change of an offer has set going. */
export type Books = { claims: Claims; causes: Causes }

/** What a round of wishes comes to: the record after it, and what each wish is answered; undefined: it came true. */
export type Settled = Books & { answers: (Wait | undefined)[] }

type Options = {
  coordination: KubeClient
  /** Decides on a round of wishes by what the record says. It may ask the platform what has become of those that have places. */
  settle: (before: Books, wishes: readonly Wish[]) => Promise<Settled>
  /** The record as it was last seen; undefined: it was not. */
  known: () => MigrationUsage | undefined
  /** Called with each answer of the platform. */
  seen: (usage: MigrationUsage) => void
}

/** Which moves run, as the platform has it: changed by a conditional write of one record. */
export class UsageLedger {
  readonly #options: Options
  readonly #rounds = new Batches<Wish, Wait | undefined>((wishes) => this.#write(wishes))

  constructor(options: Options) {
    this.#options = options
  }

  /** Resolves, once the platform has it, with why the wish did not come true. @throws what the API server refuses */
  async ask(wish: Wish): Promise<Wait | undefined> {
    return await this.#rounds.ask(wish)
  }

  /**
   * What was seen last is tried first, and costs no read. Somebody else's write between is a reason to begin anew: it got further, so
   * this ends. A refusal though nobody wrote is one.
   */
  async #write(wishes: readonly Wish[]): Promise<(Wait | undefined)[]> {
    let before = this.#options.known()
    let refused: { version: string | undefined; error: unknown } | undefined
    for (;;) {
      const books = booksOf(before)
      const { answers, ...after } = await this.#options.settle(books, wishes)
      const patch = patchOf(books, after)
      if (patch === undefined) return answers
      try {
        this.#options.seen(await this.#put(before, after, patch))
        return answers
      } catch (error) {
        if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error
        refused = { version: before?.metadata.resourceVersion, error }
      }
      before = await this.#read()
      if (refused.version === before?.metadata.resourceVersion) throw refused.error
    }
  }

  async #read(): Promise<MigrationUsage | undefined> {
    const ref = { ...MigrationUsage.resource, name: migrationUsageName }
    const object = await readIfThere<KubeObject>(this.#options.coordination, ref)
    if (object === undefined) return undefined
    const usage = MigrationUsage.of(object)
    this.#options.seen(usage)
    return usage
  }

  async #put(before: MigrationUsage | undefined, after: Books, spec: object): Promise<MigrationUsage> {
    const { coordination } = this.#options
    const { apiVersion, kind, resource } = MigrationUsage
    const name = migrationUsageName
    const status = { running: Object.keys(after.claims).length }
    if (before === undefined) {
      const body = { apiVersion, kind, metadata: { name }, spec, status }
      return MigrationUsage.of(await coordination.create<KubeObject>({ ...resource }, body))
    }
    const { uid, resourceVersion } = before.metadata
    const body = { metadata: { uid, resourceVersion }, spec, status }
    return MigrationUsage.of(await coordination.mergePatch<KubeObject>({ ...resource, name }, body))
  }
}

/** What a record says; one that is not there says nothing. */
export const booksOf = (usage: MigrationUsage | undefined): Books => {
  const { claims = {}, causes = {} } = usage?.spec ?? {}
  return { claims, causes }
}

/** The patch of the record's spec, which is the whole of a new one; undefined: nothing changes. */
function patchOf(before: Books, after: Books): object | undefined {
  const claims = claimsPatch(before.claims, after.claims)
  const causes = isDeepStrictEqual(before.causes, after.causes) ? undefined : mergePatchOf(before.causes, after.causes)
  if (claims === undefined && causes === undefined) return undefined
  return { ...(claims && { claims }), ...(causes === undefined ? {} : { causes }) }
}
