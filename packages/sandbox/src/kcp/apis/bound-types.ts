import { resourceFromCrd } from '../../kube/crds/mod.ts'
import { parseOwnJson } from '../../kube/json.ts'
import type { Resource } from '../../kube/resource.ts'
import type { StoreEvent } from '../../store/types.ts'
import type { ShardServices } from '../shards/types.ts'
import { boundStorage } from '../storage.ts'
import { API_BINDINGS } from './system-types.ts'
import type { ApiBinding, ApiExport, ApiResourceSchema } from './types.ts'

/** What one APIBinding brings into its logical cluster. */
export type Bound = { binding: string; exportCluster: string; apiExport: ApiExport; resources: readonly Resource[] }

/** Where a binding is. */
export type Consumer = { cluster: string; binding: string }

/** The types that are bound in the logical clusters of a shard, by what its APIBindings say and the exports are now. */
export class BoundTypes {
  readonly #services: ShardServices
  readonly #byCluster = new Map<string, Map<string, Bound>>()
  readonly #made = new Map<string, Resource>()
  readonly #generations = new Map<string, number>()
  /** By `<cluster>|<name>` of the export, then of the binding. */
  readonly #consumers = new Map<string, Map<string, Consumer>>()
  readonly #ends: (() => void)[]

  constructor(services: ShardServices) {
    this.#services = services
    const { store, cache } = services
    this.#ends = [
      store.watch({ resource: API_BINDINGS }, store.revision, (event) => this.#take(event)),
      cache.watch('apiexports.apis.kcp.io', ({ now }) => this.#refresh(now.cluster, now.name)),
      cache.watch('apiresourceschemas.apis.kcp.io', ({ now }) => {
        for (const { name } of cache.list('apiexports.apis.kcp.io', now.cluster)) this.#refresh(now.cluster, name)
      }),
    ]
    for (const entry of store.list({ resource: API_BINDINGS }).entries) this.#take({ type: 'ADDED', entry })
  }

  in(cluster: string): Iterable<Bound> {
    return this.#byCluster.get(cluster)?.values() ?? []
  }

  /** Of all logical clusters, each type once. */
  get all(): readonly Resource[] {
    return [...this.#made.values()]
  }

  find(cluster: string, group: string, resource: string): { bound: Bound; resource: Resource } | undefined {
    for (const bound of this.in(cluster)) {
      const found = bound.resources.find((each) => each.resource === resource && each.group === group)
      if (found !== undefined) return { bound, resource: found }
    }
    return undefined
  }

  /** The bindings on this shard to an export. */
  consumersOf(exportCluster: string, exportName: string): Iterable<Consumer> {
    return this.#consumers.get(`${exportCluster}|${exportName}`)?.values() ?? []
  }

  generation(cluster: string): number {
    return this.#generations.get(cluster) ?? 0
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  /** The types of an export; undefined as long as one of its schemas is not there. */
  resourcesOf(exportCluster: string, apiExport: ApiExport): Resource[] | undefined {
    const identity = apiExport.status?.identityHash
    if (identity === undefined) return undefined
    const found = (apiExport.spec?.resources ?? []).map(({ schema }) => {
      const known = this.#services.cache.get('apiresourceschemas.apis.kcp.io', exportCluster, schema)
      return known && this.#resourceOf(known.object as ApiResourceSchema, identity)
    })
    return found.every((resource) => resource !== undefined) ? found : undefined
  }

  #refresh(exportCluster: string, exportName: string): void {
    for (const { cluster, binding } of this.consumersOf(exportCluster, exportName)) {
      const entry = this.#services.store.get({ resource: API_BINDINGS, cluster, namespace: '', name: binding })
      if (entry !== undefined) this.#take({ type: 'MODIFIED', entry })
    }
  }

  #take({ type, entry }: Pick<StoreEvent, 'type' | 'entry'>): void {
    const { cluster, name } = entry.key
    const bindings = this.#byCluster.get(cluster) ?? new Map<string, Bound>()
    this.#byCluster.set(cluster, bindings)
    const before = bindings.get(name)
    const binding = parseOwnJson<ApiBinding>(entry.bytes)
    this.#count(cluster, binding, type === 'DELETED')
    const now = type === 'DELETED' ? undefined : this.#boundBy(binding)
    if (now !== undefined) bindings.set(name, now)
    // What was bound stays served when its export is deleted (contract 5.4).
    else if (type === 'DELETED') bindings.delete(name)
    if (sameTypes(bindings.get(name), before)) return
    this.#generations.set(cluster, this.generation(cluster) + 1)
  }

  #count(cluster: string, { metadata, spec, status }: ApiBinding, isGone: boolean): void {
    const [exportCluster, exportName] = [status?.apiExportClusterName, spec?.reference?.export?.name]
    if (exportCluster === undefined || exportName === undefined) return
    const id = `${exportCluster}|${exportName}`
    const consumers = this.#consumers.get(id) ?? new Map<string, Consumer>()
    const binding = metadata.name ?? ''
    if (isGone) consumers.delete(`${cluster}|${binding}`)
    else consumers.set(`${cluster}|${binding}`, { cluster, binding })
    if (consumers.size === 0) this.#consumers.delete(id)
    else this.#consumers.set(id, consumers)
  }

  #boundBy({ metadata, spec, status }: ApiBinding): Bound | undefined {
    const exportCluster = status?.phase === 'Bound' ? status.apiExportClusterName : undefined
    const name = spec?.reference?.export?.name
    if (exportCluster === undefined || name === undefined) return undefined
    const found = this.#services.cache.get('apiexports.apis.kcp.io', exportCluster, name)
    const resources = found && this.resourcesOf(exportCluster, found.object as ApiExport)
    if (found === undefined || resources === undefined) return undefined
    return { binding: metadata.name ?? '', exportCluster, apiExport: found.object as ApiExport, resources }
  }

  /** The same Resource for the same schema and identity: others recognise a type by it. */
  #resourceOf({ metadata, spec }: ApiResourceSchema, identity: string): Resource {
    const key = `${metadata.uid} ${identity}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const versions = spec.versions.map(({ schema, ...version }) => ({
      ...version,
      schema: { openAPIV3Schema: schema },
    }))
    const crd = {
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      ...{ metadata: { name: `${spec.names.plural}.${spec.group}` }, spec: { ...spec, versions } },
    }
    const storage = boundStorage(spec.group, spec.names.plural, identity)
    const made = resourceFromCrd(crd, { storage, identity })
    this.#made.set(key, made)
    return made
  }
}

function sameTypes(a: Bound | undefined, b: Bound | undefined): boolean {
  return (
    a?.resources.length === b?.resources.length && (a?.resources ?? []).every((each, i) => each === b?.resources[i])
  )
}
