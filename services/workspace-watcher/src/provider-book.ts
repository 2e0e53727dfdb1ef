import { Provider, providerName } from '@resource-broker/api'
import { isAlreadyExists, type KubeClient, type WatchEvent } from '@resource-broker/kube'
import type { Clusters, Logger, View } from '@resource-broker/service'
import { type ProviderFacts, statusPatch } from './provider-status.ts'
import { Stuck } from './stuck.ts'
import { Tally } from './tally.ts'

/** Something is counted in one view, where it can be seen. */
type Counted = { field: 'objects' | 'offers'; view: View; tally: Tally; isComplete: boolean }
type Surroundings = {
  coordination: KubeClient
  providers: Clusters['providers']
  logger: Logger
  signal: AbortSignal
  /** Which of these names are for this replica to keep. */
  shareOf: (names: Iterable<string>) => Set<string>
}

/** How long until a change of a provider's presence is written: what flickers is not worth a write. */
const STATE_MS = 500
/** The same for a count, and for a record that changed, as with each write of one's own: a burst of placements is told in one write. */
const COUNT_MS = 5_000
/** How long until a write that failed is tried again. */
const RETRY_MS = 5_000

/**
 * Keeps the platform's Providers: makes one for each provider that is met, and says in its status how it is. Each replica writes what
 * it sees: the counts of the views that it watches, and the presence of its share.
 */
export class ProviderBook {
  readonly #around: Surroundings
  readonly #counted = new Set<Counted>()
  readonly #stuck = new Map<View, Stuck>()
  readonly #watches = new Map<View, { isConnected: boolean; trouble?: string }>()
  /** Which are for this replica to keep; undefined until somebody asks again. */
  #mine: Set<string> | undefined
  /** When each is looked at next, in milliseconds of `performance.now`. */
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>()

  constructor(around: Surroundings) {
    this.#around = around
    around.providers.onPresence((name) => {
      this.#mine = undefined
      this.#lookIn(name, STATE_MS)
    })
    around.providers.onRecord((name) => this.#lookIn(name, COUNT_MS))
  }

  /** Looks at all of them: who keeps which may have changed. */
  review(): void {
    this.#mine = undefined
    for (const name of this.#around.providers.all) this.#lookIn(name, STATE_MS)
  }

  /** Counts in a view until the signal aborts; `complete` says that all that there is was counted. */
  count(field: Counted['field'], view: View, signal: AbortSignal): { tally: Tally; complete: () => void } {
    const tally = new Tally((holder) => this.#lookIn(holder, COUNT_MS))
    const counted: Counted = { field, view, tally, isComplete: false }
    this.#counted.add(counted)
    signal.addEventListener('abort', () => this.#counted.delete(counted))
    const complete = () => {
      if (!counted.isComplete) this.review()
      counted.isComplete = true
    }
    return { tally, complete }
  }

  /** Lists what drained providers keep, by the Assignments that a view shows, until the signal aborts. */
  listStuck(view: View, signal: AbortSignal): Stuck {
    const stuck = new Stuck((provider) => this.#lookIn(provider, COUNT_MS))
    this.#stuck.set(view, stuck)
    signal.addEventListener('abort', () => this.#stuck.delete(view))
    return stuck
  }

  /** How the watch of the AcceptAPIs in a view fares, until the signal aborts. */
  follow(view: View, signal: AbortSignal): (event: WatchEvent) => void {
    signal.addEventListener('abort', () => this.#watches.delete(view))
    return (event) => {
      if (signal.aborted || event.type === 'relisting') return
      const { isConnected: was, trouble: before } = this.#watches.get(view) ?? {}
      const trouble = event.type === 'disconnected' ? { trouble: (event.error as Error).message } : {}
      const isConnected = event.type !== 'disconnected'
      this.#watches.set(view, { isConnected, ...trouble })
      if (was === isConnected && before === trouble.trouble) return
      for (const name of this.#around.providers.all) if (view.shows(name)) this.#lookIn(name, STATE_MS)
    }
  }

  stop(): void {
    for (const { timer } of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #lookIn(name: string, ms: number): void {
    const at = performance.now() + ms
    const next = this.#timers.get(name)
    if (this.#around.signal.aborted || (next !== undefined && next.at <= at)) return
    clearTimeout(next?.timer)
    const timer = setTimeout(() => {
      this.#timers.delete(name)
      void this.#look(name)
    }, ms).unref()
    this.#timers.set(name, { at, timer })
  }

  async #look(name: string): Promise<void> {
    const { coordination, providers, logger, signal } = this.#around
    const facts = this.#factsOf(name)
    try {
      const record = providers.recordOf(name) ?? (facts.uid === undefined ? undefined : await this.#make(name))
      if (record === undefined) return
      const ref = { ...Provider.resource, name: record.metadata.name }
      if (!coordination.knowsTime) await coordination.list(Provider.resource, { signal }) // its answer says what time it is there
      const status = statusPatch(record.status, facts, coordination.now())
      if (status === undefined) return
      await coordination.mergePatch(ref, { status }, { subresource: 'status', signal })
    } catch (err) {
      if (signal.aborted) return
      logger.warn({ provider: name, err }, 'the Provider could not be written, trying again')
      this.#lookIn(name, RETRY_MS)
    }
  }

  /** One that is there already is another replica's, and comes by the watch. */
  async #make(name: string): Promise<Provider | undefined> {
    const { coordination, signal } = this.#around
    const { apiVersion, kind, resource } = Provider
    const body = { apiVersion, kind, metadata: { name: providerName(name) }, spec: { providerCluster: name } }
    try {
      return await coordination.create<Provider>(resource, body, { signal })
    } catch (error) {
      if (isAlreadyExists(error)) return undefined
      throw error
    }
  }

  #factsOf(name: string): ProviderFacts {
    const { providers, shareOf } = this.#around
    const presence = providers.presence(name)
    this.#mine ??= shareOf(providers.all)
    const isMine = this.#mine.has(name)
    const watch = [...this.#watches].find(([view]) => view.shows(name))?.[1]
    const isConnected = presence.state === 'connected'
    return {
      ...(isMine && !isConnected ? { presence } : {}),
      ...(isConnected ? { watch } : {}),
      ...(isMine && isConnected ? { uid: providers.uidOf(name) } : {}),
      objects: this.#countOf('objects', name),
      isDrained: providers.recordOf(name)?.spec.drain !== undefined,
      stuck: [...this.#stuck.values()].flatMap((stuck) => stuck.of(name)),
      offers: this.#countOf('offers', name),
    }
  }

  #countOf(field: Counted['field'], name: string): number | undefined {
    for (const { field: its, view, tally, isComplete } of this.#counted)
      if (its === field && isComplete && (field === 'objects' || view.shows(name))) return tally.of(name)
    return undefined
  }
}
