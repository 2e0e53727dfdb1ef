import { isDeepStrictEqual } from 'node:util'
import { type Absences, absencesOf, awaySince, type Scores, type Standing, standingOf } from '@resource-broker/api'
import type { Clusters } from '@resource-broker/service'

type Said = {
  standing: Standing
  labels: Readonly<Record<string, string>> | undefined
  isLost: boolean
  awaySince: string | undefined
}

type Options = {
  /** Called after another word came: a record is written often for its status alone. */
  changed: () => void
  /** Whether objects leave providers that are away. */
  heedsAbsence: () => boolean
}

/** What the platform has each provider do, and how it calls it, as its record says now. */
export class Standings {
  readonly #providers: Pick<Clusters['providers'], 'all' | 'recordOf'>
  readonly #known = new Map<string, Said>()
  /** Put together once for each word that comes. */
  #absences: Absences | undefined

  constructor(
    providers: Pick<Clusters['providers'], 'all' | 'recordOf' | 'onRecord'>,
    { changed, heedsAbsence }: Options,
  ) {
    this.#providers = providers
    for (const name of providers.all) this.#known.set(name, this.#said(name))
    providers.onRecord((name) => {
      this.#absences = undefined
      const [before, now] = [this.#known.get(name) ?? UNSAID, this.#said(name)]
      this.#known.set(name, now)
      const { awaySince: since } = heedsAbsence() ? now : before // otherwise that is no news
      if (!isDeepStrictEqual(before, { ...now, awaySince: since })) changed()
    })
  }

  of(provider: string): Standing {
    return standingOf(this.#providers.recordOf(provider))
  }

  /** The labels that the platform gave a provider. */
  labels(provider: string): Said['labels'] {
    return this.#providers.recordOf(provider)?.metadata.labels
  }

  /** What the platform says of a provider for policies to weigh. A new word moves nothing: what waits for a place waits for another reason. */
  scores(provider: string): Scores | undefined {
    return this.#providers.recordOf(provider)?.spec.scores
  }

  /** Which providers are away, as their records say. */
  get absences(): Absences {
    const { all, recordOf } = this.#providers
    this.#absences ??= absencesOf(all.flatMap((name) => recordOf(name) ?? []))
    return this.#absences
  }

  #said(provider: string): Said {
    const record = this.#providers.recordOf(provider)
    return {
      standing: this.of(provider),
      labels: this.labels(provider),
      isLost: record?.spec.lost === true,
      awaySince: record && awaySince(record),
    }
  }
}

/** What is said of a provider of which there is no record. */
const UNSAID: Said = { standing: standingOf(undefined), labels: undefined, isLost: false, awaySince: undefined }
