import { hash } from 'node:crypto'
import type { InventoryItem, KubeObject, Messages, ObjectRef, Part } from '@resource-broker/bus'
import { type ResourceRef, type Watch, watchResource } from '@resource-broker/kube'
import type { WatchedCluster, WatcherContext } from './context.ts'

export type Route = { key: string; qualifier?: string }

/** How the objects of one resource in one cluster become messages of one part. */
export type PartRule<P extends Part> = {
  part: P
  resource: ResourceRef
  labelSelector?: string
  /** Which key an object is about; undefined: it is no matter of the broker's. */
  route: (object: KubeObject) => Route | undefined
  /** `object` is null once it is gone. */
  message: (object: KubeObject | null, ref: ObjectRef) => Messages[P]
  /** What must differ from the snapshot before for this one to be news. */
  significant: (object: KubeObject) => unknown
  /** Whether the broker guards the object, as it must go on to: that this ends is news, that it begins is not. */
  guarded?: (object: KubeObject) => boolean
  /** Given where the same snapshot can be news again: unique to this time that the cluster is connected. */
  epoch?: string
  /** Told of every object that routes, news or not, and of each that went. */
  seen?: (route: Route, object: KubeObject | null) => void
}

/** Fingerprint of no object. */
const NOTHING = ''

type Known = { route: Route; ref: ObjectRef; fingerprint: string; guarded: boolean }

/** Publishes what changes among the objects of one rule. After a gap it also publishes what went during the gap. */
export class PartWatch<P extends Part> {
  readonly #context: WatcherContext
  readonly #cluster: WatchedCluster
  readonly #rule: PartRule<P>
  readonly #known = new Map<string, Known>()
  readonly #listed = new Set<string>()
  #inventory: Map<string, InventoryItem> | undefined
  #watch: Watch | undefined

  constructor(
    context: WatcherContext,
    cluster: WatchedCluster,
    rule: PartRule<P>,
    inventory: Map<string, InventoryItem>,
  ) {
    this.#context = context
    this.#cluster = cluster
    this.#rule = rule
    this.#inventory = inventory
  }

  start(signal: AbortSignal): void {
    const { resource, labelSelector } = this.#rule
    const options = { ...resource, ...(labelSelector === undefined ? {} : { labelSelector }) }
    this.#watch = watchResource(
      this.#cluster.client,
      options,
      {
        upsert: (object) => this.#upsert(object as KubeObject),
        delete: (last) => this.#delete(last),
        synced: () => this.#synced(),
        report: (event) => this.#context.reportWatch(this.#cluster, resource, event),
      },
      { signal },
    )
  }

  /** Publishes everything again: the stream lost what it had. What goes until then is still told, it may have been published anew. */
  restart(): void {
    this.#inventory = undefined
    for (const known of this.#known.values()) known.fingerprint = NOTHING
    this.#watch?.restart()
  }

  #upsert(object: KubeObject): Promise<void> | undefined {
    const id = idOf(object.metadata)
    this.#listed.add(id)
    const route = this.#rule.route(object)
    const known = this.#known.get(id)
    if (known !== undefined && (route === undefined || known.route.key !== route.key)) this.#tombstone(id, known)
    if (route === undefined) return undefined
    this.#rule.seen?.(route, object)
    const fingerprint = hash('sha1', JSON.stringify([object.metadata.uid, this.#rule.significant(object)]), 'base64')
    const guarded = this.#rule.guarded?.(object) ?? false
    const same = known?.fingerprint === fingerprint && !(known.guarded && !guarded)
    const ref = this.#ref(object.metadata)
    this.#known.set(id, { route, ref, fingerprint, guarded })
    if (same || this.#isStored(id, object)) return undefined
    return this.#context.publish({
      part: this.#rule.part,
      ...route,
      message: this.#rule.message(object, ref),
      object: ref,
      version: object.metadata.resourceVersion,
      ...(this.#rule.epoch === undefined ? {} : { epoch: this.#rule.epoch }),
    })
  }

  /** The stream already has this very snapshot, from before this watch began. */
  #isStored(id: string, object: KubeObject): boolean {
    const item = this.#inventory?.get(id)
    return item !== undefined && item.version === object.metadata.resourceVersion
  }

  #delete(last: { namespace?: string; name: string }): void {
    const id = idOf(last)
    const known = this.#known.get(id)
    if (known !== undefined) this.#tombstone(id, known)
  }

  #tombstone(id: string, known: Known): void {
    this.#known.delete(id)
    this.#rule.seen?.(known.route, null)
    this.#publishGone(known.route, known.ref)
  }

  #publishGone(route: Route, ref: ObjectRef): void {
    const gone = ref.uid === undefined ? {} : { goneUID: ref.uid }
    const message = { ...this.#rule.message(null, ref), ...gone }
    void this.#context.publish({
      part: this.#rule.part,
      ...route,
      message,
      object: ref,
      version: `${ref.uid}-gone`,
      tombstone: true,
    })
  }

  /** The list is complete: what the stream has and the list has not went while nobody watched. */
  #synced(): void {
    for (const [id, item] of this.#inventory ?? []) {
      if (this.#listed.has(id)) continue
      this.#publishGone(
        item.qualifier === undefined ? { key: item.key } : { key: item.key, qualifier: item.qualifier },
        item.object,
      )
    }
    this.#inventory = undefined
    this.#listed.clear()
  }

  #ref({ namespace, name, uid }: KubeObject['metadata']): ObjectRef {
    const { group, version, resource } = this.#rule.resource
    return {
      cluster: this.#cluster.name,
      group,
      version,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      uid,
    }
  }
}

/** Tells objects of one resource in one cluster apart. */
export function idOf({ namespace = '', name }: { namespace?: string | undefined; name: string }): string {
  return `${namespace}/${name}`
}
