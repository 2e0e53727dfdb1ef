import { type Kind, resolveResource } from '@resource-broker/kube'
import type { Roster } from './roster.ts'

/** Consumers that are asked for one answer: each of them serves what is brokered, as a rule. */
const MOST_ASKED = 3
/** How long one of them may take. */
const ASK_MS = 2_000

/** Whether the brokered kinds are namespaced at the consumers, by the word of the first that serves them; it never changes. */
export class ConsumerScopes {
  readonly #consumers: Pick<Roster, 'all'>
  readonly #known = new Map<string, boolean>()

  constructor(consumers: Pick<Roster, 'all'>) {
    this.#consumers = consumers
  }

  /** undefined while no consumer says so. */
  async isNamespaced(kind: Kind): Promise<boolean | undefined> {
    const id = `${kind.kind}.${kind.version}.${kind.group}`
    for (const { client } of this.#consumers.all.slice(0, MOST_ASKED)) {
      if (this.#known.has(id)) break
      const served = await resolveResource(client, kind, AbortSignal.timeout(ASK_MS)).catch(() => undefined)
      if (served !== undefined) this.#known.set(id, served.namespaced)
    }
    return this.#known.get(id)
  }
}
