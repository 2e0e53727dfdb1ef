import { isDeepStrictEqual } from 'node:util'
import { type Standing, standingOf } from '@resource-broker/api'
import type { Clusters } from '@resource-broker/service'

type Said = { standing: Standing; labels: Readonly<Record<string, string>> | undefined; isLost: boolean }

/** What the platform has each provider do, and how it calls it, as its record says now. */
export class Standings {
  readonly #providers: Pick<Clusters['providers'], 'recordOf'>
  readonly #known = new Map<string, Said>()

  /** `changed` is called after another word came: a record is written often for its status alone. */
  constructor(providers: Pick<Clusters['providers'], 'all' | 'recordOf' | 'onRecord'>, changed: () => void) {
    this.#providers = providers
    for (const name of providers.all) this.#known.set(name, this.#said(name))
    providers.onRecord((name) => {
      const [before, now] = [this.#known.get(name) ?? UNSAID, this.#said(name)]
      this.#known.set(name, now)
      if (!isDeepStrictEqual(before, now)) changed()
    })
  }

  of(provider: string): Standing {
    return standingOf(this.#providers.recordOf(provider))
  }

  /** The labels that the platform gave a provider. */
  labels(provider: string): Said['labels'] {
    return this.#providers.recordOf(provider)?.metadata.labels
  }

  #said(provider: string): Said {
    const isLost = this.#providers.recordOf(provider)?.spec.lost === true
    return { standing: this.of(provider), labels: this.labels(provider), isLost }
  }
}

/** What is said of a provider of which there is no record. */
const UNSAID: Said = { standing: standingOf(undefined), labels: undefined, isLost: false }
