import { hash } from 'node:crypto'
import { annotations } from '@resource-broker/api'
import type { InventoryItem, KubeObject, Messages, ObjectRef, Part, Publication } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import { type Gone, type ResourceRef, type Watch, type WatchEvent, watchResource } from '@resource-broker/kube'
import type { View } from '@resource-broker/service'
import type { TraceOf, WatcherContext } from './context.ts'
import type { Stored, StoredByObject } from './inventory.ts'

export type Route = { key: string; qualifier?: string }

/** How the objects of one resource become messages of one part. */
export type PartRule<P extends Part> = {
  part: P
  resource: ResourceRef
  labelSelector?: string
  /** Nothing but metadata is read. */
  metadataOnly?: boolean
  /** Which key an object in a cluster is about; undefined: it is no matter of the broker's. */
  route: (object: KubeObject, cluster: string) => Route | undefined
  /** `object` is null once it is gone. */
  message: (object: KubeObject | null, ref: ObjectRef, route: Route) => Messages[P]
  /** What must differ from the snapshot before for this one to be news. */
  significant: (object: KubeObject) => unknown
  /** Whether the broker guards the object, as it must go on to: that this ends is news, that it begins is not. */
  guarded?: (object: KubeObject) => boolean
  /** Of the object as it is, and as it was seen before; undefined: what caused it is not known here. */
  trace?: (object: KubeObject, before: Before | undefined, now: number) => TraceOf | undefined
  /** Given where the same snapshot can be news again: unique to this time that the cluster is connected. */
  epoch?: string
  /** Told of every object that routes, news or not, and of each that went. */
  seen?: (route: Route, object: KubeObject | null, ref: ObjectRef) => void
  /** Told that all that there is was seen. */
  complete?: () => void
  report?: (event: WatchEvent) => void
}

/** What is remembered of a snapshot for the traces; `note`: the trace that was noted in it. */
export type Before = { ref: Pick<ObjectRef, 'uid'>; generation: number | undefined; note: string | undefined }

/** Fingerprint of no object. */
const NOTHING = ''

/** `sequence`: of what the stream has of it, as far as that was heard of. */
type Known = Before & {
  route: Route
  ref: ObjectRef
  version: string
  fingerprint: string
  guarded: boolean
  sequence: number | undefined
}

/** Publishes what changes among the objects of one rule. After a gap it also publishes what went during the gap. */
export class PartWatch<P extends Part> {
  readonly #context: WatcherContext
  readonly #view: View
  readonly #rule: PartRule<P>
  readonly #beginAnew: () => void
  readonly #known = new Map<string, Known>()
  readonly #listed = new Set<string>()
  /** Objects of clusters that are not in view yet, by cluster: whose they are is not known before. */
  readonly #held = new Map<string, Map<string, KubeObject>>()
  /** Objects that go by another key than their own, by that key. */
  readonly #guests = new Map<string, Map<string, KubeObject>>()
  #inventory: Map<string, Stored> | undefined
  #watch: Watch | undefined

  /** `inventory` is what the stream held of the part and the resource when the view began; `beginAnew` has the view begin again, by what it holds then. */
  constructor(
    context: WatcherContext,
    view: View,
    rule: PartRule<P>,
    inventory: StoredByObject,
    beginAnew: () => void,
  ) {
    this.#context = context
    this.#beginAnew = beginAnew
    this.#view = view
    this.#rule = rule
    this.#inventory = new Map(inventory)
  }

  start(signal: AbortSignal): void {
    const { resource, labelSelector, metadataOnly = false } = this.#rule
    const { clusterOf } = this.#view
    const options = { ...resource, clusterOf, metadataOnly, ...(labelSelector === undefined ? {} : { labelSelector }) }
    this.#context.onCluster((cluster) => this.#release(cluster), signal)
    const rehouse = (key: string) => this.#rehouse(key)
    this.#context.keys.on('freed', rehouse)
    signal.addEventListener('abort', () => this.#context.keys.off('freed', rehouse))
    this.#watch = watchResource(
      this.#view.client,
      options,
      {
        upsert: (object) => this.#upsert(object as KubeObject),
        delete: (last) => this.#delete(last),
        synced: () => this.#synced(),
        report: (event) => {
          this.#context.reportWatch(this.#view, resource, event)
          this.#rule.report?.(event)
        },
      },
      { signal },
    )
  }

  #upsert(object: KubeObject): Promise<void> | undefined {
    const cluster = this.#view.clusterOf(object)
    const id = idOf({ cluster, ...object.metadata })
    this.#listed.add(id)
    if (!this.#view.shows(cluster)) {
      this.#held.set(cluster, (this.#held.get(cluster) ?? new Map<string, KubeObject>()).set(id, object))
      return undefined
    }
    const route = this.#rule.route(object, cluster)
    const before = this.#known.get(id)
    const known = before !== undefined && before.route.key === route?.key ? before : undefined
    if (before !== undefined && known === undefined) this.#tombstone(id, before, object.metadata.resourceVersion)
    if (route === undefined) return undefined
    if (known === undefined) this.#leave(id, route, object.metadata.resourceVersion)
    if (this.#context.keys.isForeign(route.key))
      this.#guests.set(route.key, (this.#guests.get(route.key) ?? new Map<string, KubeObject>()).set(id, object))
    const ref = this.#ref(cluster, object.metadata)
    this.#rule.seen?.(route, object, ref)
    const fingerprint = hash('sha1', stringifyJson([object.metadata.uid, this.#rule.significant(object)]), 'base64')
    const guarded = this.#rule.guarded?.(object) ?? false
    const same = known?.fingerprint === fingerprint && !(known.guarded && !guarded)
    const { resourceVersion: version, generation } = object.metadata
    const stored = this.#storedAs(id, route)
    const { sequence = stored?.sequence } = known ?? {}
    const note = object.metadata.annotations?.[annotations.traceparent]
    this.#known.set(id, { route, ref, version, generation, note, fingerprint, guarded, sequence })
    if (same || this.#isStored(id, route, object)) return undefined
    const { epoch, trace } = this.#rule
    const message = this.#rule.message(object, ref, route)
    const publication = {
      ...{ part: this.#rule.part, ...route, message, object: ref, version },
      ...(epoch === undefined ? {} : { epoch }),
    }
    return this.#publish(
      id,
      sequence,
      publication,
      trace?.(object, before ?? asStored(stored, { ref, generation, note }), Date.now()),
    )
  }

  /** What the stream has by then may be of another watch of this view: one that begins or one that ends. */
  #publish(
    id: string,
    after: number | undefined,
    publication: Publication<P>,
    trace?: TraceOf,
  ): Promise<void> | undefined {
    return this.#context.publish(
      { ...publication, ifNews: true, ...(after === undefined ? {} : { after }) },
      (sequence, isDoubtful) => {
        const known = this.#known.get(id)
        const isOfKnown = known !== undefined && known.route.key === publication.key
        if (isOfKnown) known.sequence = sequence
        if (!isDoubtful) return
        // What stands there may be gone as well, in a gap of this watch: only one that begins with what the stream has can tell.
        if (publication.tombstone) return this.#beginAnew()
        if (isOfKnown) known.fingerprint = NOTHING
        this.#inventory?.delete(id)
        this.#watch?.restart() // what is read from now on is newer than what the stream has
      },
      trace,
    )
  }

  /** The stream already has this very snapshot, from before this watch began. */
  #isStored(id: string, route: Route, { metadata }: KubeObject): boolean {
    const item = this.#storedAs(id, route)
    return item?.object.version === this.#rule.resource.version && item.version === metadata.resourceVersion
  }

  /** What the stream has of the object under another key, from the version before, is no more. */
  #leave(id: string, { key }: Route, version: string): void {
    for (const item of this.#storedOf(id)) if (item.key !== key) this.#publishGone(id, knownAs(item), version)
  }

  /** Objects that went by a key which is no one's now go by their own. */
  #rehouse(key: string): void {
    const guests = this.#guests.get(key)?.values() ?? []
    this.#guests.delete(key)
    for (const object of [...guests]) void this.#upsert(object)
  }

  #storedOf(id: string): Stored {
    return this.#inventory?.get(id) ?? []
  }

  #storedAs(id: string, { key, qualifier }: Route): InventoryItem | undefined {
    return this.#storedOf(id).find((item) => item.key === key && item.qualifier === qualifier)
  }

  #release(cluster: string): void {
    const held = this.#held.get(cluster)
    if (held === undefined || !this.#view.shows(cluster)) return
    this.#held.delete(cluster)
    for (const object of held.values()) void this.#upsert(object)
  }

  #delete(last: Gone): void {
    const id = idOf(last)
    this.#held.get(last.cluster ?? '')?.delete(id)
    const known = this.#known.get(id)
    if (known !== undefined) this.#tombstone(id, known)
  }

  /** `left`: the version in which the object went to another key; it may come back. */
  #tombstone(id: string, known: Known, left?: string): void {
    this.#known.delete(id)
    this.#guests.get(known.route.key)?.delete(id)
    this.#rule.seen?.(known.route, null, known.ref)
    this.#publishGone(id, known, left)
  }

  #publishGone(id: string, { route, ref, version, sequence }: Past, left?: string): void {
    const ofUID = ref.uid === undefined ? {} : { goneUID: ref.uid, goneVersion: version }
    const gone = left === undefined ? ofUID : { goneVersion: left }
    const message = { ...this.#rule.message(null, ref, route), ...gone }
    const about = { part: this.#rule.part, ...route, message, object: ref }
    const word = left === undefined ? 'gone' : `left-${left}`
    void this.#publish(id, sequence, { ...about, version: `${ref.uid}-${word}`, tombstone: true })
  }

  /** The list is complete: what the stream has and the list has not went while nobody watched. */
  #synced(): void {
    for (const [id, items] of this.#inventory ?? []) {
      if (this.#listed.has(id)) continue
      for (const item of items) if (this.#view.shows(item.object.cluster)) this.#publishGone(id, knownAs(item))
    }
    this.#inventory = undefined
    this.#listed.clear()
    this.#rule.complete?.()
  }

  #ref(cluster: string, { namespace, name, uid }: KubeObject['metadata']): ObjectRef {
    const { group, version, resource } = this.#rule.resource
    return { cluster, group, version, resource, ...(namespace === undefined ? {} : { namespace }), name, uid }
  }
}

type Past = Omit<Known, 'fingerprint' | 'guarded' | 'generation' | 'note'>

/** What the stream has from before this watch counts as seen, as it is now: only what changed since is somebody’s doing. */
const asStored = (stored: InventoryItem | undefined, now: Before): Before | undefined =>
  stored?.object.uid === now.ref.uid ? now : undefined

/** What the stream has of an object. */
function knownAs({ key, qualifier, object: ref, version, sequence }: InventoryItem): Past {
  return { route: qualifier === undefined ? { key } : { key, qualifier }, ref, version, sequence }
}

/** Tells objects of one resource apart. */
export function idOf({
  cluster = '',
  namespace = '',
  name,
}: {
  cluster?: string
  namespace?: string | undefined
  name: string
}): string {
  return `${cluster}/${namespace}/${name}`
}
