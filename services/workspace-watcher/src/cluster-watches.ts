import { type DiscoveredResource, type Kind, resolveResource } from '@resource-broker/kube'
import type { WatchedCluster, WatcherContext } from './context.ts'
import { copyRule } from './handlers/copies.ts'
import { acceptAPIRule, assignmentRule, migrationRule } from './handlers/records.ts'
import { CopyRelatedWatch, SourceRelatedWatch } from './handlers/related.ts'
import { sourceRule } from './handlers/sources.ts'
import { PartWatch } from './part-watch.ts'

export type Role = 'platform' | 'consumer' | 'provider'

type Restartable = { restart: () => void }

/** How long until a cluster is asked again whether it serves a kind. */
const DISCOVERY_RETRY_MS = 2_000

/** All that is watched in one cluster. */
export class ClusterWatches {
  readonly #context: WatcherContext
  readonly #cluster: WatchedCluster
  readonly #stopping = new AbortController()
  readonly #watches: Restartable[] = []

  constructor(context: WatcherContext, role: Role, cluster: WatchedCluster) {
    this.#context = context
    this.#cluster = cluster
    if (role === 'platform') this.#watchPlatform()
    else if (role === 'consumer') this.#watchConsumer()
    else this.#watchProvider()
  }

  /** Publishes everything again. */
  restart(): void {
    for (const watch of this.#watches) watch.restart()
  }

  stop(): void {
    this.#stopping.abort()
  }

  #watchPlatform(): void {
    this.#watchPart(assignmentRule())
    this.#watchPart(migrationRule())
  }

  #watchConsumer(): void {
    const related = new SourceRelatedWatch(this.#context, this.#cluster)
    related.start(this.#stopping.signal)
    this.#watches.push(related)
    this.#whenServed((resource) => this.#watchPart(sourceRule(this.#cluster.name, resource)))
  }

  #watchProvider(): void {
    const related = new CopyRelatedWatch(this.#context, this.#cluster)
    related.start(this.#stopping.signal)
    this.#watches.push(related)
    this.#watchPart(acceptAPIRule(this.#cluster.name))
    this.#whenServed((resource) =>
      this.#watchPart(copyRule(this.#cluster.name, resource, (route, object) => related.refer(route, object))),
    )
  }

  #watchPart(rule: ConstructorParameters<typeof PartWatch<'source'>>[2] | object): void {
    const typed = rule as ConstructorParameters<typeof PartWatch<'source'>>[2]
    const inventory = this.#context.inventory(typed.part, this.#cluster.name, typed.resource)
    const watch = new PartWatch(this.#context, this.#cluster, typed, inventory)
    watch.start(this.#stopping.signal)
    this.#watches.push(watch)
  }

  #whenServed(begin: (resource: DiscoveredResource) => void): void {
    for (const kind of this.#context.kinds) void this.#discover(kind, begin)
  }

  async #discover(kind: Kind, begin: (resource: DiscoveredResource) => void): Promise<void> {
    const { signal } = this.#stopping
    for (let told = false; !signal.aborted; told = true) {
      try {
        const resource = await resolveResource(this.#cluster.client, kind, signal)
        if (signal.aborted) return
        if (resource !== undefined) return begin(resource)
        if (!told) this.#context.logger.info({ cluster: this.#cluster.name, kind }, 'kind is not served here yet')
      } catch (error) {
        if (!told && !signal.aborted)
          this.#context.logger.warn({ cluster: this.#cluster.name, kind, err: error }, 'discovery failed, trying again')
      }
      await new Promise((resolve) => setTimeout(resolve, DISCOVERY_RETRY_MS).unref())
    }
  }
}
