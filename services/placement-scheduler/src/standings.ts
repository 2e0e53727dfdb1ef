import { type Standing, standingOf } from '@resource-broker/api'
import type { Clusters } from '@resource-broker/service'

/** What the platform has each provider do, as its record says now. */
export class Standings {
  readonly #providers: Pick<Clusters['providers'], 'recordOf'>
  readonly #known = new Map<string, Standing>()

  /** `changed` is called after another word came: a record is written often for its status alone. */
  constructor(providers: Pick<Clusters['providers'], 'all' | 'recordOf' | 'onRecord'>, changed: () => void) {
    this.#providers = providers
    for (const name of providers.all) this.#known.set(name, this.of(name))
    providers.onRecord((name) => {
      const [before, now] = [this.#known.get(name) ?? standingOf(undefined), this.of(name)]
      this.#known.set(name, now)
      if (before !== now) changed()
    })
  }

  of(provider: string): Standing {
    return standingOf(this.#providers.recordOf(provider))
  }
}
