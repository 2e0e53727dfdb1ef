import { type Assignment, providersOf } from '@resource-broker/api'
import type { KubeObject, ObjectRef, Part } from '@resource-broker/bus'
import { type ResourceRef, resolveResource } from '@resource-broker/kube'
import type { BrokeredKind, View } from '@resource-broker/service'
import type { WatcherContext } from './context.ts'
import { copyRule } from './handlers/copies.ts'
import { acceptAPIRule, assignmentRule, configurationRule, migrationRule, policyRule } from './handlers/records.ts'
import { CopyRelatedWatch, SourceRelatedWatch } from './handlers/related.ts'
import { sourceRule } from './handlers/sources.ts'
import { stagedRule } from './handlers/staged.ts'
import type { Inventory } from './inventory.ts'
import { type PartRule, PartWatch, type Route } from './part-watch.ts'

/** How long until a cluster is asked again whether it serves a kind. */
const DISCOVERY_RETRY_MS = 2_000

/** All that is watched in one view. */
export class ViewWatches {
  readonly #context: WatcherContext
  readonly #view: View
  readonly #beginAnew: () => void
  readonly #stopping = new AbortController()

  /** `beginAnew` is called when only watches that begin with what the stream has then can tell what is gone. */
  constructor(context: WatcherContext, view: View, inventory: Inventory, beginAnew: () => void) {
    this.#context = context
    this.#view = view
    this.#beginAnew = () => {
      if (!this.#stopping.signal.aborted) beginAnew()
    }
    for (const duty of view.duties) {
      if (duty === 'records') this.#watchRecords(inventory)
      else if (duty === 'sources') this.#watchSources(inventory)
      else if (duty === 'offers') this.#watchOffers(inventory)
      else if (duty === 'stages') this.#watchStaged(inventory)
      else this.#watchCopies(inventory)
    }
  }

  stop(): void {
    this.#stopping.abort()
  }

  #watchRecords(inventory: Inventory): void {
    const { tally, complete } = this.#context.providers.count('objects', this.#view, this.#stopping.signal)
    const stuck = this.#context.providers.listStuck(this.#view, this.#stopping.signal)
    const seen = (_route: Route, object: KubeObject | null, { name }: ObjectRef) => {
      tally.set(name, object === null ? [] : [...providersOf(object as Partial<Assignment>)])
      stuck.set(name, object)
    }
    this.#watchPart({ ...assignmentRule(), seen, complete }, inventory)
    this.#watchPart(migrationRule(), inventory)
    this.#watchPart(configurationRule(), inventory)
    this.#watchPart(policyRule(), inventory)
  }

  #watchOffers(inventory: Inventory): void {
    const { signal } = this.#stopping
    const { tally, complete } = this.#context.providers.count('offers', this.#view, signal)
    const seen = (_route: Route, object: KubeObject | null, { cluster, name }: ObjectRef) =>
      tally.set(`${cluster}/${name}`, object === null ? [] : [cluster])
    const report = this.#context.providers.follow(this.#view, signal)
    this.#watchPart({ ...acceptAPIRule(), seen, complete, report }, inventory)
  }

  #watchSources(inventory: Inventory): void {
    const related = new SourceRelatedWatch(this.#context, this.#view, inventory)
    related.start(this.#stopping.signal)
    this.#whenServed((resource) => this.#watchPart(sourceRule(resource, this.#context.keys), inventory))
  }

  #watchCopies(inventory: Inventory): void {
    const related = new CopyRelatedWatch(this.#context, this.#view, inventory)
    related.start(this.#stopping.signal)
    this.#whenServed((resource) =>
      this.#watchPart(
        copyRule(this.#view, resource, this.#context.keys, (route, object, ref) => related.refer(route, object, ref)),
        inventory,
      ),
    )
  }

  #watchStaged(inventory: Inventory): void {
    const { labelSelector = '' } = this.#view
    this.#whenServed((resource, kind) => this.#watchPart(stagedRule(resource, kind, labelSelector), inventory))
  }

  #watchPart<P extends Part>(rule: PartRule<P>, inventory: Inventory): void {
    const watch = new PartWatch(
      this.#context,
      this.#view,
      rule,
      inventory.of(rule.part, rule.resource),
      this.#beginAnew,
    )
    watch.start(this.#stopping.signal)
  }

  #whenServed(begin: (resource: ResourceRef, kind: string) => void): void {
    for (const { resource, ...kind } of this.#view.kinds) {
      if (resource === undefined) void this.#discover(kind, begin)
      else begin({ group: kind.group, version: kind.version, resource }, kind.kind)
    }
  }

  async #discover(kind: BrokeredKind, begin: (resource: ResourceRef, kind: string) => void): Promise<void> {
    const { signal } = this.#stopping
    const { id: view, client } = this.#view
    for (let told = false; !signal.aborted; told = true) {
      try {
        const resource = await resolveResource(client, kind, signal)
        if (signal.aborted) return
        if (resource !== undefined) return begin(resource, kind.kind)
        if (!told)
          this.#context.logger.warn({ view, kind }, 'kind is not served here: nothing is seen of it until it is')
      } catch (error) {
        if (!told && !signal.aborted)
          this.#context.logger.warn({ view, kind, err: error }, 'discovery failed, trying again')
      }
      await new Promise((resolve) => setTimeout(resolve, DISCOVERY_RETRY_MS).unref())
    }
  }
}
