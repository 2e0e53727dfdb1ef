import { Generations } from '../../kube/generations.ts'
import { parseOwnJson } from '../../kube/json.ts'
import type { Resource } from '../../kube/resource.ts'
import type { ObjectKey, StoreEvent } from '../../store/types.ts'
import type { ReplicatedChange, ShardServices } from '../services.ts'
import { boundResource, whileEnding } from './bindings/bound-resource.ts'
import { BoundSchemas } from './bindings/bound-schemas.ts'
import { type Consumer, Consumers } from './bindings/consumers.ts'
import { API_BINDINGS } from './system-types/mod.ts'
import { type ApiBinding, type ApiExport, type ApiResourceSchema, isServedHere } from './types.ts'

/** What one APIBinding brings into its logical cluster. */
export type Bound = {
  readonly binding: string
  readonly exportCluster: string
  readonly exportName: string
  readonly resources: readonly Resource[]
}

/** `missing` are types whose schema is not known, `<resource>.<group>`; `keys` name what it holds in `#made`. */
type Known = Bound & { readonly missing: readonly string[]; readonly keys: readonly string[] }

/** The types that are bound in the logical clusters of a shard: those that its APIBindings name in `status.boundResources`. */
export class BoundTypes {
  readonly schemas: BoundSchemas
  readonly consumers = new Consumers()
  readonly #services: ShardServices
  readonly #byCluster = new Map<string, Map<string, Known>>()
  /** By `<UID of the schema> <identity>`. */
  readonly #made = new Map<string, Resource>()
  /** How many bindings hold each of them. */
  readonly #uses = new Map<string, number>()
  readonly #generations = new Generations()
  /** Bindings that lack a schema, by its UID. */
  readonly #waiting = new Map<string, Map<string, ObjectKey>>()
  readonly #ends: (() => void)[]

  constructor(services: ShardServices) {
    this.#services = services
    this.schemas = new BoundSchemas(services)
    const { store, cache } = services
    this.#ends = [
      store.watch({ resource: API_BINDINGS }, store.revision, (event) => this.#take(event)),
      cache.watch('apiresourceschemas.apis.kcp.io', (change) => this.#follow(change)),
    ]
    for (const entry of store.list({ resource: API_BINDINGS }).entries) this.#take({ type: 'ADDED', entry })
  }

  in(cluster: string): Iterable<Bound> {
    return this.#byCluster.get(cluster)?.values() ?? []
  }

  /** Of all logical clusters, each type once. */
  get all(): readonly Resource[] {
    return [...this.#uses.keys()].map((key) => this.#made.get(key)!)
  }

  find(cluster: string, group: string, resource: string): { bound: Bound; resource: Resource } | undefined {
    for (const bound of this.in(cluster)) {
      const found = bound.resources.find((each) => each.resource === resource && each.group === group)
      if (found !== undefined) return { bound, resource: found }
    }
    return undefined
  }

  /** Whether a type is bound, but cannot be served because its schema is lost (contract 9.5). */
  isMissing(cluster: string, group: string, resource: string): boolean {
    const name = `${resource}.${group}`
    return [...(this.#byCluster.get(cluster)?.values() ?? [])].some(({ missing }) => missing.includes(name))
  }

  /** Whether a binding serves the schema with that UID. */
  isUsed(uid: string): boolean {
    return [...this.#uses.keys()].some((key) => key.startsWith(`${uid} `))
  }

  /** The bindings on this shard to an export. */
  consumersOf(exportCluster: string, exportName: string): Iterable<Consumer> {
    return this.consumers.of(exportCluster, exportName)
  }

  generation(cluster: string): number {
    return this.#generations.of(cluster)
  }

  /** Of a logical cluster that is gone with all of its bindings. */
  forget(cluster: string): void {
    this.#generations.forget(cluster)
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  /** The types that an export offers now, but for those whose schemas are not there. */
  resourcesOf(exportCluster: string, apiExport: ApiExport): Resource[] {
    const identity = apiExport.status?.identityHash
    if (identity === undefined) return []
    return (apiExport.spec?.resources ?? []).filter(isServedHere).flatMap(({ schema }) => {
      const known = this.#services.cache.get('apiresourceschemas.apis.kcp.io', exportCluster, schema)
      return known === undefined ? [] : [this.#resourceOf(known.object as ApiResourceSchema, identity)]
    })
  }

  /** A binding may have come before its schema; a type that nobody can bind any more is forgotten. */
  #follow({ type, now: { object } }: ReplicatedChange): void {
    const uid = object.metadata.uid ?? ''
    if (type === 'ADDED') {
      const waiting = this.#waiting.get(uid)
      this.#waiting.delete(uid)
      for (const key of waiting?.values() ?? []) {
        const entry = this.#services.store.get(key)
        if (entry !== undefined) this.#take({ type: 'MODIFIED', entry })
      }
    } else if (type === 'DELETED' && !this.isUsed(uid)) {
      for (const key of this.#made.keys()) if (key.startsWith(`${uid} `)) this.#made.delete(key)
    }
  }

  #take({ type, entry }: Pick<StoreEvent, 'type' | 'entry'>): void {
    const { cluster, name } = entry.key
    const binding = type === 'DELETED' ? undefined : parseOwnJson<ApiBinding>(entry.bytes)
    const bindings = this.#byCluster.get(cluster) ?? new Map<string, Known>()
    const before = bindings.get(name)
    const now = binding && this.#boundBy(binding, entry.key)
    if (now === undefined) bindings.delete(name)
    else bindings.set(name, now)
    if (bindings.size === 0) this.#byCluster.delete(cluster)
    else this.#byCluster.set(cluster, bindings)
    for (const key of now?.keys ?? []) this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1)
    for (const key of before?.keys ?? []) this.#release(key)
    if (!sameTypes(now, before)) this.#generations.raise(cluster)
    this.consumers.set(cluster, name, binding)
  }

  #release(key: string): void {
    const uses = (this.#uses.get(key) ?? 0) - 1
    if (uses > 0) this.#uses.set(key, uses)
    else this.#uses.delete(key)
  }

  #boundBy({ metadata, spec, status }: ApiBinding, at: ObjectKey): Known | undefined {
    const exportCluster = status?.phase === 'Bound' ? status.apiExportClusterName : undefined
    const exportName = spec?.reference?.export?.name
    if (exportCluster === undefined || exportName === undefined) return undefined
    const isEnding = metadata.deletionTimestamp !== undefined
    const resources: Resource[] = []
    const keys: string[] = []
    const missing: string[] = []
    for (const { group, resource, schema } of status?.boundResources ?? []) {
      const found = this.#lookUp(exportCluster, schema)
      if (found === undefined) {
        missing.push(`${resource}.${group}`)
        this.#wait(schema.UID, at)
      } else {
        resources.push(isEnding ? whileEnding(found) : found)
        keys.push(`${schema.UID} ${schema.identityHash}`)
      }
    }
    return { binding: metadata.name ?? '', exportCluster, exportName, resources, keys, missing }
  }

  #lookUp(exportCluster: string, { name, UID, identityHash }: BoundSchema): Resource | undefined {
    const made = this.#made.get(`${UID} ${identityHash}`)
    if (made !== undefined) return made
    const schema = this.schemas.find(exportCluster, name, UID)
    return schema && this.#resourceOf(schema, identityHash)
  }

  #wait(uid: string, key: ObjectKey): void {
    const waiting = this.#waiting.get(uid) ?? new Map<string, ObjectKey>()
    this.#waiting.set(uid, waiting.set(`${key.cluster}|${key.name}`, key))
  }

  /** The same Resource for the same schema and identity: others recognise a type by it. */
  #resourceOf(schema: ApiResourceSchema, identity: string): Resource {
    const key = `${schema.metadata.uid} ${identity}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const made = boundResource(this.#services, schema, identity)
    this.#made.set(key, made)
    return made
  }
}

type BoundSchema = { name: string; UID: string; identityHash: string }

function sameTypes(a: Bound | undefined, b: Bound | undefined): boolean {
  return (
    a?.resources.length === b?.resources.length && (a?.resources ?? []).every((each, i) => each === b?.resources[i])
  )
}
