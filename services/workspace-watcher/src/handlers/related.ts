import { labels, relatedResources } from '@resource-broker/api'
import type { KubeObject, Part, RelatedMeta } from '@resource-broker/bus'
import { type Gone, type ResourceRef, type Watch, type WatchedObject, watchResource } from '@resource-broker/kube'
import type { WatchedCluster, WatcherContext } from '../context.ts'
import type { Route } from '../part-watch.ts'

/** Kinds of related objects that travel. */
const RELATED_KINDS = [
  { kind: 'Secret', group: '', version: 'v1', resource: 'secrets' },
  { kind: 'ConfigMap', group: '', version: 'v1', resource: 'configmaps' },
] as const

/** What the inventory knows the list of one key's related objects as. */
const LIST = { group: '', version: 'v1', resource: 'related' }

type Version = { uid: string; resourceVersion: string }

/**
 * The Secrets and ConfigMaps of one cluster, by metadata alone. For each key that has some, one message lists them: at a provider
 * those that the copy's status names, at a consumer those that carry the key in the broker's label.
 */
abstract class RelatedWatch {
  readonly #context: WatcherContext
  protected readonly cluster: WatchedCluster
  readonly #labelSelector: string | undefined
  #watches: Watch[] = []
  readonly #unlisted = new Set<string>(RELATED_KINDS.map(({ kind }) => kind))

  constructor(context: WatcherContext, cluster: WatchedCluster, labelSelector?: string) {
    this.#context = context
    this.cluster = cluster
    this.#labelSelector = labelSelector
  }

  protected abstract changed(id: string, version: Version | undefined, object: WatchedObject | undefined): void

  /** All that there is was seen for the first time. */
  protected listed(): void {}

  start(signal: AbortSignal): void {
    this.#watches = RELATED_KINDS.map(({ kind, ...resource }) => {
      const options = {
        ...resource,
        metadataOnly: true,
        ...(this.#labelSelector === undefined ? {} : { labelSelector: this.#labelSelector }),
      }
      return watchResource(
        this.cluster.client,
        options,
        {
          upsert: (object) => this.changed(idOf(kind, object.metadata), object.metadata, object),
          delete: (gone) => this.changed(idOf(kind, gone), undefined, undefined),
          synced: () => {
            if (this.#unlisted.delete(kind) && this.#unlisted.size === 0) this.listed()
          },
          report: (event) => this.#context.reportWatch(this.cluster, resource as ResourceRef, event),
        },
        { signal },
      )
    })
  }

  /** Tells everything again. */
  restart(): void {
    for (const watch of this.#watches) watch.restart()
  }

  protected tell(part: Part & ('source-related' | 'copy-related'), route: Route, related: RelatedMeta[]): void {
    const object = { cluster: this.cluster.name, ...LIST, name: route.key }
    void this.#context.publish({ part, ...route, message: { related }, object, tombstone: related.length === 0 })
  }
}

/** What the status of this provider's copies refers to. */
export class CopyRelatedWatch extends RelatedWatch {
  readonly #versions = new Map<string, Version>()
  readonly #routes = new Map<string, { route: Route; ids: string[] }>()
  readonly #referrers = new Map<string, Set<string>>()

  /** Takes what one copy refers to now. */
  refer(route: Route, copy: KubeObject | null): void {
    const { related } = relatedResources(copy?.status)
    const fallback = copy?.metadata.namespace ?? 'default'
    const ids = related.flatMap(({ gvk, namespace = fallback, name }) =>
      gvk.group === '' && isKind(gvk.kind) ? [idOf(gvk.kind, { namespace, name })] : [],
    )
    const before = this.#routes.get(route.key)?.ids ?? []
    if (ids.join() === before.join()) return
    for (const id of before) this.#referrers.get(id)?.delete(route.key)
    for (const id of ids) this.#referrers.set(id, (this.#referrers.get(id) ?? new Set()).add(route.key))
    if (ids.length > 0) this.#routes.set(route.key, { route, ids })
    else this.#routes.delete(route.key)
    this.#publish(route, ids)
  }

  protected override changed(id: string, version: Version | undefined): void {
    if (version === undefined) this.#versions.delete(id)
    else this.#versions.set(id, { uid: version.uid, resourceVersion: version.resourceVersion })
    for (const key of this.#referrers.get(id) ?? []) {
      const referrer = this.#routes.get(key)
      if (referrer !== undefined) this.#publish(referrer.route, referrer.ids)
    }
  }

  #publish(route: Route, ids: string[]): void {
    this.tell(
      'copy-related',
      route,
      ids.map((id) => metaOf(id, this.#versions.get(id))),
    )
  }
}

/** What the broker made at this consumer. */
export class SourceRelatedWatch extends RelatedWatch {
  readonly #byKey = new Map<string, Map<string, Version>>()
  readonly #keys = new Map<string, string>()

  /** Keys that the stream has related objects of, from before this watch began. */
  readonly #told: string[]

  constructor(context: WatcherContext, cluster: WatchedCluster) {
    super(context, cluster, labels.relatedTo)
    this.#told = [...context.inventory('source-related', cluster.name, LIST).values()].map(({ key }) => key)
  }

  /** Those that went while nobody watched. */
  protected override listed(): void {
    for (const key of this.#told)
      if (!this.#byKey.has(key)) this.tell('source-related', { key, qualifier: this.cluster.name }, [])
  }

  protected override changed(id: string, version: Version | undefined, object: WatchedObject | undefined): void {
    const known = this.#keys.get(id)
    const key = (object as { metadata: { labels?: Record<string, string> } } | undefined)?.metadata.labels?.[
      labels.relatedTo
    ]
    if (known !== undefined && known !== key) this.#set(known, id, undefined)
    if (key !== undefined && version !== undefined && /^[0-9a-f]{32}$/.test(key)) this.#set(key, id, version)
  }

  #set(key: string, id: string, version: Version | undefined): void {
    const items = this.#byKey.get(key) ?? new Map<string, Version>()
    if (version === undefined) items.delete(id)
    else items.set(id, { uid: version.uid, resourceVersion: version.resourceVersion })
    if (items.size > 0) this.#byKey.set(key, items)
    else this.#byKey.delete(key)
    if (version === undefined) this.#keys.delete(id)
    else this.#keys.set(id, key)
    this.tell(
      'source-related',
      { key, qualifier: this.cluster.name },
      [...items].map(([item, at]) => metaOf(item, at)),
    )
  }
}

function isKind(kind: string): boolean {
  return RELATED_KINDS.some((known) => known.kind === kind)
}

function idOf(kind: string, { namespace = '', name }: Pick<Gone, 'name'> & { namespace?: string }): string {
  return `${kind}/${namespace}/${name}`
}

function metaOf(id: string, version: Version | undefined): RelatedMeta {
  const [kind = '', namespace = '', name = ''] = id.split('/')
  return { kind, namespace, name, ...version }
}
