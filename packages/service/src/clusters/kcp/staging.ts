import { EventEmitter } from 'node:events'
import {
  annotations,
  copiesExportName,
  type ProviderExport,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from '@resource-broker/api'
import {
  type Binding,
  type Connections,
  clusterOf,
  type EndpointSet,
  ExportBindings,
  isTrue,
  type KubeClient,
  PATH_ANNOTATION,
} from '@resource-broker/kube'

/** Names of the APIBindings that the broker makes in its workspaces, which its export of claims shows. */
export const BINDINGS = {
  /** To the provider's export. */
  provider: 'provider',
  /** To the broker's export that claims the provider's resources: there copies are seen and written. */
  copies: 'copies',
} as const

/** A workspace of the broker, as its bindings tell of it. */
export type StagingCluster = ProviderExport & {
  cluster: string
  /** Name of the workspace. */
  name: string
  /** Undefined: it verifies that the export can be bound, and holds no copies. */
  consumerCluster: string | undefined
  /** Of the virtual workspace that shows it. */
  url: string
  /** Of the one that shows all copies at the export, as far as they are on the same shard. */
  copiesUrl: string
  /** Through which copies here are written. */
  client: KubeClient
  bindings: ReadonlyMap<string, Binding>
  /** What the provider's export serves here. */
  resources: { group: string; resource: string; identityHash: string }[]
  /** Copies can be seen and written. */
  isReady: boolean
}

type Events = {
  changed: [now: StagingCluster | undefined, before: StagingCluster | undefined]
  /** A logical cluster shows, be it yet unknown whose it is. */
  seen: [cluster: string]
}

/**
 * The broker's own workspaces, on all shards, by one watch for each shard. Whose copies a workspace holds is read from what cannot be
 * forged: the export that it is bound to, and its path, whose last segment has to be the name for the consumer that it claims.
 */
export class Staging extends EventEmitter<Events> {
  readonly bindings: ExportBindings
  readonly #connections: Connections
  readonly #roots: { staging: string; verification: string }
  readonly #seen = new Map<string, { url: string; bindings: Map<string, Binding> }>()
  readonly #clusters = new Map<string, StagingCluster>()
  /**
   * By name, then by logical cluster, in the order in which they showed: where a workspace was made anew, what another shard has yet to
   * tell is the end of the one before.
   */
  readonly #lives = new Map<string, Map<string, StagingCluster>>()
  /** Names by provider, of one consumer or of none. */
  readonly #between = new Map<string, Set<string>>()

  constructor(endpoints: EndpointSet, connections: Connections, roots: { staging: string; verification: string }) {
    super()
    this.setMaxListeners(0)
    this.#connections = connections
    this.#roots = roots
    this.bindings = new ExportBindings(endpoints, connections)
    this.bindings.on('bound', (url, binding) => this.#take(url, binding))
    this.bindings.on('unbound', (_url, { cluster, name }) => this.#drop(cluster, name))
    this.bindings.on('removed', (url) => this.#dropAll(url))
  }

  get all(): IterableIterator<StagingCluster> {
    return this.#clusters.values()
  }

  at(cluster: string): StagingCluster | undefined {
    return this.#clusters.get(cluster)
  }

  /** The one that has the name now. */
  named(name: string): StagingCluster | undefined {
    return [...(this.#lives.get(name)?.values() ?? [])].at(-1)
  }

  /** A workspace of the broker, as far as the broker's claims go; undefined while it does not show. */
  inside(cluster: string): KubeClient | undefined {
    const url = this.#seen.get(cluster)?.url
    return url === undefined ? undefined : this.#connections.at(url).below(`/clusters/${cluster}`)
  }

  /** Those of one consumer and one provider, or without a consumer those that verify the provider's exports. */
  between(consumerCluster: string | undefined, providerCluster: string): StagingCluster[] {
    const names = this.#between.get(pairOf({ consumerCluster, providerCluster })) ?? []
    return [...names].flatMap((name) => this.named(name) ?? [])
  }

  #take(url: string, binding: Binding): void {
    const cluster = clusterOf(binding)
    const seen = this.#seen.get(cluster) ?? { url, bindings: new Map<string, Binding>() }
    this.#seen.set(cluster, { url, bindings: seen.bindings.set(binding.metadata.name, binding) })
    this.#read(cluster)
    this.emit('seen', cluster)
  }

  #drop(cluster: string, name: string): void {
    const seen = this.#seen.get(cluster)
    seen?.bindings.delete(name)
    if (seen?.bindings.size === 0) this.#seen.delete(cluster)
    this.#read(cluster)
  }

  #dropAll(url: string): void {
    for (const [cluster, { url: its }] of [...this.#seen]) {
      if (its !== url) continue
      this.#seen.delete(cluster)
      this.#read(cluster)
    }
  }

  #read(cluster: string): void {
    const before = this.#clusters.get(cluster)
    const seen = this.#seen.get(cluster)
    const now = seen === undefined ? undefined : this.#stagingOf(cluster, seen.url, seen.bindings)
    if (before !== undefined && before.name !== now?.name) this.#forget(before)
    if (now !== undefined) this.#note(now)
    if (now !== undefined || before !== undefined) this.emit('changed', now, before)
  }

  #forget(staging: StagingCluster): void {
    const { cluster, name } = staging
    this.#clusters.delete(cluster)
    const lives = this.#lives.get(name)
    lives?.delete(cluster)
    if (lives?.size !== 0) return
    this.#lives.delete(name)
    const pair = pairOf(staging)
    const others = this.#between.get(pair)
    others?.delete(name)
    if (others?.size === 0) this.#between.delete(pair)
  }

  #note(staging: StagingCluster): void {
    const { cluster, name } = staging
    this.#clusters.set(cluster, staging)
    const pair = pairOf(staging)
    this.#lives.set(name, (this.#lives.get(name) ?? new Map<string, StagingCluster>()).set(cluster, staging))
    this.#between.set(pair, (this.#between.get(pair) ?? new Set<string>()).add(name))
  }

  #stagingOf(cluster: string, url: string, bindings: ReadonlyMap<string, Binding>): StagingCluster | undefined {
    const binding = bindings.get(BINDINGS.provider)
    const { path: providerCluster, name: apiExportName } = binding?.spec.reference.export ?? {}
    if (binding === undefined || providerCluster === undefined || apiExportName === undefined) return undefined
    const of = { providerCluster, apiExportName }
    const notes = binding.metadata.annotations ?? {}
    const place = this.#placeOf(notes[PATH_ANNOTATION] ?? '', notes[annotations.consumerCluster], of)
    if (place === undefined) return undefined
    const resources = (binding.status?.boundResources ?? []).map(({ group, resource, schema }) => ({
      group,
      resource,
      identityHash: schema.identityHash,
    }))
    // Both exports are in one workspace, so their virtual workspaces differ in the last part of the URL (contract 1.13).
    const copiesUrl = url.replace(/[^/]+$/, copiesExportName(of))
    const client = this.#connections.at(copiesUrl).below(`/clusters/${cluster}`)
    const state = { bindings: new Map(bindings), resources, isReady: isReady(bindings) }
    return { ...of, ...place, cluster, url, copiesUrl, client, ...state }
  }

  #placeOf(path: string, consumerCluster: string | undefined, of: ProviderExport) {
    const { staging, verification } = this.#roots
    const verifies = verificationWorkspaceName(of)
    if (path === `${verification}:${verifies}`) return { name: verifies, consumerCluster: undefined }
    if (consumerCluster === undefined) return undefined
    const stages = stagingWorkspaceName({ ...of, consumerCluster })
    return path === `${staging}:${stages}` ? { name: stages, consumerCluster } : undefined
  }
}

function pairOf({
  consumerCluster = '',
  providerCluster,
}: Pick<StagingCluster, 'consumerCluster' | 'providerCluster'>) {
  return `${consumerCluster} ${providerCluster}`
}

/** Whether the provider's export serves a resource in a workspace, in whatever version. */
export function serves({ resources }: StagingCluster, wanted: { group: string; resource?: string }): boolean {
  return resources.some(({ group, resource }) => group === wanted.group && resource === wanted.resource)
}

/** What the first binding that does not fare well says, if one does so. */
export function whyNotReady(staging: StagingCluster | undefined): string | undefined {
  for (const { spec, status } of staging?.bindings.values() ?? []) {
    const failing = status?.conditions?.find((condition) => condition.status === 'False' && condition.message)
    const { path, name } = spec.reference.export ?? {}
    if (failing !== undefined) return `${path}:${name}: ${failing.message}`
  }
  return undefined
}

function isReady(bindings: ReadonlyMap<string, Binding>): boolean {
  const [provider, copies] = [bindings.get(BINDINGS.provider), bindings.get(BINDINGS.copies)]
  if (provider === undefined || copies === undefined) return false
  const isLeaving = [provider, copies].some(({ metadata }) => 'deletionTimestamp' in metadata)
  return !isLeaving && isTrue(provider, 'Ready') && isTrue(copies, 'Ready') && isTrue(copies, 'PermissionClaimsApplied')
}
