import { stringifyJson } from '@resource-broker/json'
import type { Entry, Store } from '../../store/types.ts'
import { Generations } from '../generations.ts'
import { parseOwnJson } from '../json.ts'
import type { Resource } from '../resource.ts'
import { CRD_STORAGE, type Crd, isTrue } from './definition.ts'
import { resourceFromCrd } from './resource-from-crd.ts'

type Known = { crd: Crd; form: string; resource: Resource | undefined }

/** The types that CustomResourceDefinitions define in each logical cluster, as they are this moment. */
export class LocalCrds {
  private readonly clusters = new Map<string, Map<string, Known>>()
  private readonly generations = new Generations()
  private readonly unwatch: () => void

  constructor(store: Store) {
    const { entries, revision } = store.list({ resource: CRD_STORAGE })
    for (const entry of entries) this.learn(entry)
    this.unwatch = store.watch({ resource: CRD_STORAGE }, revision, ({ type, entry }) => {
      if (type === 'DELETED') this.drop(entry)
      else this.learn(entry)
    })
  }

  /** Established types. */
  list(cluster: string): Resource[] {
    const known = this.clusters.get(cluster)?.values() ?? []
    return [...known].flatMap(({ resource }) => (resource === undefined ? [] : [resource]))
  }

  find(cluster: string, group: string, resource: string): Resource | undefined {
    return this.clusters.get(cluster)?.get(`${resource}.${group}`)?.resource
  }

  /** The definitions themselves, established or not; shared, not to be changed. */
  definitions(cluster: string): Crd[] {
    return [...(this.clusters.get(cluster)?.values() ?? [])].map(({ crd }) => crd)
  }

  /** Goes up when the established types of a logical cluster change. */
  generation(cluster: string): number {
    return this.generations.of(cluster)
  }

  /** Of a logical cluster that is gone with all of its definitions. */
  forget(cluster: string): void {
    this.generations.forget(cluster)
  }

  close(): void {
    this.unwatch()
  }

  private learn({ key, bytes }: Entry): void {
    const crd = parseOwnJson<Crd>(bytes)
    const known = this.clusters.get(key.cluster) ?? new Map<string, Known>()
    this.clusters.set(key.cluster, known)
    const form = formOf(crd)
    const old = known.get(key.name)
    if (old?.form === form) {
      old.crd = crd
      return
    }
    known.set(key.name, { crd, form, resource: form === '' ? undefined : resourceFromCrd(crd) })
    if (form !== '' || old?.resource !== undefined) this.generations.raise(key.cluster)
  }

  private drop({ key }: Entry): void {
    const known = this.clusters.get(key.cluster)
    const old = known?.get(key.name)
    known?.delete(key.name)
    if (known?.size === 0) this.clusters.delete(key.cluster)
    if (old?.resource !== undefined) this.generations.raise(key.cluster)
  }
}

/** What makes up the type that is served; empty while none is. A change of conditions makes no new type. */
function formOf(crd: Crd): string {
  if (!isTrue(crd, 'Established')) return ''
  const { uid, generation, deletionTimestamp } = crd.metadata
  return stringifyJson([uid, generation, deletionTimestamp !== undefined, crd.status?.acceptedNames])
}
