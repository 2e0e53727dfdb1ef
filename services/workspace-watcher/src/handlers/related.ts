import { labels, relatedResources } from '@resource-broker/api'
import type { InventoryItem, KubeObject, ObjectRef, Part, RelatedMeta } from '@resource-broker/bus'
import { type ResourceRef, type Watch, type WatchedObject, watchResource } from '@resource-broker/kube'
import type { View } from '@resource-broker/service'
import type { WatcherContext } from '../context.ts'
import type { Inventory } from '../inventory.ts'
import { idOf, type Route } from '../part-watch.ts'

/** Kinds of related objects that travel. */
const RELATED_KINDS = [
  { kind: 'Secret', group: '', version: 'v1', resource: 'secrets' },
  { kind: 'ConfigMap', group: '', version: 'v1', resource: 'configmaps' },
] as const

/** What the inventory knows the list of one key's related objects as. */
const LIST = { group: '', version: 'v1', resource: 'related' }

type Version = { uid: string; resourceVersion: string }
/** A Secret or ConfigMap. */
type Identity = { cluster: string; kind: string; namespace: string; name: string }

/**
 * The Secrets and ConfigMaps of one view, by metadata alone. For each key that has some, one message lists them: at a provider
 * those that the copy's status names, at a consumer those that carry the key in the broker's label.
 */
abstract class RelatedWatch {
  readonly #context: WatcherContext
  protected readonly view: View
  readonly #labelSelector: string | undefined
  #watches: Watch[] = []
  readonly #unlisted = new Set<string>(RELATED_KINDS.map(({ kind }) => kind))
  /** Of what the stream has, by cluster and key, as far as it was heard of. */
  readonly #sequences: Map<string, number>
  /** What another watch of the view told of, to be told again when all is listed anew. */
  readonly #doubtful = new Map<string, { route: Route; cluster: string }>()

  /** `stored` is what the stream held of the part when the view began. */
  constructor(context: WatcherContext, view: View, stored: readonly InventoryItem[], labelSelector?: string) {
    this.#context = context
    this.view = view
    this.#labelSelector = labelSelector
    this.#sequences = new Map(stored.map(({ object, sequence }) => [idOf(object), sequence]))
  }

  protected abstract changed(item: Identity, version: Version | undefined, object: WatchedObject | undefined): void

  /** What there is of one key in one cluster, told as `tell` does. */
  protected abstract retell(route: Route, cluster: string): void

  /** All that there is was seen. */
  protected listed(): void {
    const doubtful = [...this.#doubtful.values()]
    this.#doubtful.clear()
    for (const { route, cluster } of doubtful) this.retell(route, cluster)
  }

  start(signal: AbortSignal): void {
    this.#watches = RELATED_KINDS.map(({ kind, ...resource }) => {
      const options = {
        ...resource,
        clusterOf: this.view.clusterOf,
        metadataOnly: true,
        ...(this.#labelSelector === undefined ? {} : { labelSelector: this.#labelSelector }),
      }
      return watchResource(
        this.view.client,
        options,
        {
          upsert: (object) => {
            const { namespace = '', name } = object.metadata
            this.changed({ cluster: this.view.clusterOf(object), kind, namespace, name }, object.metadata, object)
          },
          delete: ({ cluster = '', namespace = '', name }) =>
            this.changed({ cluster, kind, namespace, name }, undefined, undefined),
          synced: () => {
            if (this.#unlisted.delete(kind) && this.#unlisted.size === 0) this.listed()
          },
          report: (event) => this.#context.reportWatch(this.view, resource as ResourceRef, event),
        },
        { signal },
      )
    })
  }

  #listAnew(): void {
    for (const { kind } of RELATED_KINDS) this.#unlisted.add(kind)
    for (const watch of this.#watches) watch.restart()
  }

  protected tell(
    part: Part & ('source-related' | 'copy-related'),
    route: Route,
    cluster: string,
    related: RelatedMeta[],
  ) {
    const object = { cluster, ...LIST, name: route.key }
    const after = this.#sequences.get(idOf(object)) ?? 0
    const publication = { part, ...route, message: { related }, object, tombstone: related.length === 0 }
    void this.#context.publish({ ...publication, after, ifNews: true }, (sequence, isDoubtful) => {
      this.#sequences.set(idOf(object), sequence)
      if (!isDoubtful) return
      this.#doubtful.set(idOf(object), { route, cluster })
      this.#listAnew() // what is read from now on is newer than what the stream has
    })
  }
}

/** A copy, and what its status refers to. */
type Referrer = { route: Route; cluster: string; items: Identity[] }

/** What the status of copies refers to. */
export class CopyRelatedWatch extends RelatedWatch {
  readonly #versions = new Map<string, Version>()
  /** By key and provider. */
  readonly #referrers = new Map<string, Referrer>()
  /** Who refers to an item. */
  readonly #referred = new Map<string, Set<string>>()

  constructor(context: WatcherContext, view: View, inventory: Inventory) {
    super(context, view, [...inventory.of('copy-related', LIST).values()].flat())
  }

  /** Takes what one copy refers to now. */
  refer(route: Route, copy: KubeObject | null, { cluster }: Pick<ObjectRef, 'cluster'>): void {
    const { related } = relatedResources(copy?.status)
    const fallback = copy?.metadata.namespace ?? 'default'
    const items = related.flatMap(({ gvk: { group, kind }, namespace = fallback, name }) =>
      group === '' && isKind(kind) ? [{ cluster, kind, namespace, name }] : [],
    )
    const who = `${route.key} ${route.qualifier}`
    const before = this.#referrers.get(who)?.items ?? []
    if (items.map(textOf).join() === before.map(textOf).join()) return
    for (const item of before) this.#unrefer(item, who)
    for (const item of items) {
      const id = textOf(item)
      this.#referred.set(id, (this.#referred.get(id) ?? new Set()).add(who))
    }
    const referrer = { route, cluster, items }
    if (items.length > 0) this.#referrers.set(who, referrer)
    else this.#referrers.delete(who)
    this.#publish(referrer)
  }

  protected override changed(item: Identity, version: Version | undefined): void {
    const id = textOf(item)
    if (version === undefined) this.#versions.delete(id)
    else this.#versions.set(id, { uid: version.uid, resourceVersion: version.resourceVersion })
    for (const who of this.#referred.get(id) ?? []) {
      const referrer = this.#referrers.get(who)
      if (referrer !== undefined) this.#publish(referrer)
    }
  }

  protected override retell(route: Route, cluster: string): void {
    this.#publish(this.#referrers.get(`${route.key} ${route.qualifier}`) ?? { route, cluster, items: [] })
  }

  #unrefer(item: Identity, who: string): void {
    const id = textOf(item)
    const others = this.#referred.get(id)
    others?.delete(who)
    if (others?.size === 0) this.#referred.delete(id)
  }

  #publish({ route, cluster, items }: Referrer): void {
    const related = items.map((item) => metaOf(item, this.#versions.get(textOf(item))))
    this.tell('copy-related', route, cluster, related)
  }
}

/** What belongs to one key in one cluster. */
type Belongings = { cluster: string; key: string; items: Map<string, RelatedMeta> }

/** What the broker made at consumers. */
export class SourceRelatedWatch extends RelatedWatch {
  /** By cluster and key. */
  readonly #belongings = new Map<string, Belongings>()
  /** The key that each item carries. */
  readonly #keys = new Map<string, string>()
  /** Clusters and keys that the stream has related objects of, from before this watch began. */
  readonly #told: { cluster: string; key: string }[]

  constructor(context: WatcherContext, view: View, inventory: Inventory) {
    const stored = [...inventory.of('source-related', LIST).values()].flat()
    super(context, view, stored, labels.relatedTo)
    this.#told = stored.map(({ key, object: { cluster } }) => ({ cluster, key }))
  }

  protected override listed(): void {
    super.listed()
    for (const { cluster, key } of this.#told.splice(0)) // those that went while nobody watched
      if (this.view.shows(cluster) && !this.#belongings.has(`${cluster} ${key}`))
        this.tell('source-related', { key, qualifier: cluster }, cluster, [])
  }

  protected override retell({ key }: Route, cluster: string): void {
    const { items } = this.#belongings.get(`${cluster} ${key}`) ?? { items: new Map<string, RelatedMeta>() }
    this.tell('source-related', { key, qualifier: cluster }, cluster, [...items.values()])
  }

  protected override changed(item: Identity, version: Version | undefined, object: WatchedObject | undefined): void {
    const known = this.#keys.get(textOf(item))
    const { labels: carried } = (object?.metadata ?? {}) as { labels?: Record<string, string> }
    const key = carried?.[labels.relatedTo]
    if (known !== undefined && known !== key) this.#set(known, item, undefined)
    if (key !== undefined && version !== undefined && /^[0-9a-f]{32}$/.test(key)) this.#set(key, item, version)
  }

  #set(key: string, item: Identity, version: Version | undefined): void {
    const { cluster } = item
    const id = textOf(item)
    const at = `${cluster} ${key}`
    const belongings = this.#belongings.get(at) ?? { cluster, key, items: new Map<string, RelatedMeta>() }
    if (version === undefined) belongings.items.delete(id)
    else belongings.items.set(id, metaOf(item, { uid: version.uid, resourceVersion: version.resourceVersion }))
    if (belongings.items.size > 0) this.#belongings.set(at, belongings)
    else this.#belongings.delete(at)
    if (version === undefined) this.#keys.delete(id)
    else this.#keys.set(id, key)
    this.tell('source-related', { key, qualifier: cluster }, cluster, [...belongings.items.values()])
  }
}

function isKind(kind: string): boolean {
  return RELATED_KINDS.some((known) => known.kind === kind)
}

const textOf = ({ cluster, kind, namespace, name }: Identity): string => `${cluster}/${kind}/${namespace}/${name}`

function metaOf({ kind, namespace, name }: Identity, version: Version | undefined): RelatedMeta {
  return { kind, namespace, name, ...version }
}
