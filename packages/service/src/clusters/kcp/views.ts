import { EventEmitter } from 'node:events'
import type { KubeObject } from '@resource-broker/bus'
import { type Connections, clusterOf, type KubeClient, type LogicalClusters } from '@resource-broker/kube'
import type { BrokeredKind, Duty, View, Views } from '../clusters.ts'
import { recordsView } from '../plain.ts'
import { inOneVersion } from '../watched-kinds.ts'
import type { Slice } from './slices.ts'
import { BINDINGS, type Staging, type StagingCluster, serves } from './staging.ts'

type Events = { change: []; cluster: [name: string] }

/** A slice, its consumers, and what is to be seen of them. */
type Watched = { slice: Slice; clusters: LogicalClusters; duty: Duty; ids: Set<string> }

/**
 * What is to be watched in a kcp: for each shard the consumers' objects of each slice, the AcceptAPIs, and the copies at each provider's
 * export; and the platform's records.
 */
export class KcpViews extends EventEmitter<Events> implements Views {
  readonly #connections: Connections
  readonly #staging: Staging
  readonly #kinds: () => readonly BrokeredKind[]
  readonly #isCertain: () => boolean
  readonly #views = new Map<string, View>()
  readonly #watched = new Map<Slice, Watched>()
  /** Clusters with copies, by view. */
  readonly #copies = new Map<string, Set<string>>()

  /** `kinds` are those that are brokered; `isCertain` says whether all of the broker's own workspaces are known. */
  constructor(
    coordination: KubeClient,
    connections: Connections,
    staging: Staging,
    { kinds, isCertain }: { kinds: () => readonly BrokeredKind[]; isCertain: () => boolean },
  ) {
    super()
    this.#connections = connections
    this.#staging = staging
    this.#kinds = kinds
    this.#isCertain = isCertain
    const records = recordsView(coordination)
    this.#views.set(records.id, records)
    staging.on('changed', (now, before) => this.#heed(now, before))
  }

  get all(): View[] {
    return [...this.#views.values()]
  }

  onChange(listener: () => void): void {
    this.on('change', listener)
  }

  onCluster(listener: (cluster: string) => void): void {
    this.on('cluster', listener)
  }

  isGone(copies: string): boolean {
    return this.#isCertain() && this.#staging.at(copies) === undefined
  }

  /** Shows what is behind a slice from now on. */
  show(slice: Slice, clusters: LogicalClusters, duty: Duty): void {
    const watched: Watched = { slice, clusters, duty, ids: new Set() }
    this.#watched.set(slice, watched)
    clusters.on('joined', ({ name }) => void this.emit('cluster', name))
    for (const event of ['synced', 'removed'] as const) clusters.bindings.on(event, () => this.refresh(slice))
    this.refresh(slice)
  }

  hide(slice: Slice): void {
    const ids = this.#watched.get(slice)?.ids ?? []
    this.#watched.delete(slice)
    for (const id of ids) this.#views.delete(id)
    this.emit('change')
  }

  /** After the endpoints or the kinds of a slice changed. */
  refresh(slice: Slice): void {
    const watched = this.#watched.get(slice)
    if (watched === undefined) return
    const views = watched.clusters.bindings.synced.map((url) => this.#viewOf(watched, url))
    for (const id of watched.ids) this.#views.delete(id)
    watched.ids = new Set(views.map(({ id }) => id))
    for (const view of views) this.#views.set(view.id, view)
    this.#refreshCopies()
    this.emit('change')
  }

  #viewOf({ clusters, duty, slice }: Watched, url: string): View {
    const kinds = duty === 'sources' ? slice.kinds : []
    const id = `${duty} ${url} ${textOf(kinds)}`
    const known = this.#views.get(id)
    if (known !== undefined) return known
    return {
      id,
      client: this.#connections.at(url).below('/clusters/*'),
      duties: [duty],
      kinds,
      clusterOf,
      shows: (cluster) => clusters.get(cluster)?.endpoint === url,
      originOf: () => undefined,
    }
  }

  #heed(now: StagingCluster | undefined, before: StagingCluster | undefined): void {
    const cluster = now?.cluster ?? before?.cluster ?? ''
    const [is, was] = [this.#copiesId(now), this.#copiesId(before)]
    if (was !== undefined && is !== was) this.#leave(was, cluster)
    if (is !== undefined && now !== undefined) this.#join(is, now)
    if (now !== undefined && before === undefined) this.emit('cluster', cluster)
  }

  #join(id: string, staging: StagingCluster): void {
    const members = this.#copies.get(id)
    if (members?.add(staging.cluster) !== undefined) return
    this.#copies.set(id, new Set([staging.cluster]))
    this.#views.set(id, this.#copiesView(id, staging))
    this.emit('change')
  }

  #leave(id: string, cluster: string): void {
    const members = this.#copies.get(id)
    members?.delete(cluster)
    if (members?.size !== 0) return
    this.#copies.delete(id)
    this.#views.delete(id)
    this.emit('change')
  }

  /** Other brokered kinds are other kinds of copies. */
  #refreshCopies(): void {
    for (const staging of this.#staging.all) this.#heed(staging, staging)
    for (const [id, members] of [...this.#copies]) {
      const [any] = members
      const staging = any === undefined ? undefined : this.#staging.at(any)
      if (this.#copiesId(staging) === id) continue
      this.#copies.delete(id)
      this.#views.delete(id)
    }
  }

  #copiesId(staging: StagingCluster | undefined): string | undefined {
    if (staging?.consumerCluster === undefined || !staging.bindings.has(BINDINGS.copies)) return undefined
    const kinds = this.#kindsOf(staging)
    return kinds.length === 0 ? undefined : `copies ${staging.copiesUrl} ${textOf(kinds)}`
  }

  #kindsOf(staging: StagingCluster): BrokeredKind[] {
    return inOneVersion(this.#kinds().filter((kind) => serves(staging, kind))).kinds
  }

  #copiesView(id: string, first: StagingCluster): View {
    const url = first.copiesUrl
    const at = (cluster: string) => {
      const staging = this.#staging.at(cluster)
      return staging?.copiesUrl === url ? staging : undefined
    }
    return {
      id,
      client: this.#connections.at(url).below('/clusters/*'),
      duties: ['copies'],
      provider: first.providerCluster,
      kinds: this.#kindsOf(first),
      clusterOf,
      shows: (cluster) => at(cluster) !== undefined,
      originOf: ({ namespace, name }: KubeObject['metadata'], cluster) => {
        const { consumerCluster: consumer, providerCluster: provider } = at(cluster) ?? {}
        if (consumer === undefined || provider === undefined) return undefined
        return namespace === undefined ? { consumer, name, provider } : { consumer, namespace, name, provider }
      },
    }
  }
}

const textOf = (kinds: readonly BrokeredKind[]): string =>
  kinds.map(({ group, version, resource }) => `${resource}.${version}.${group}`).join(',')
