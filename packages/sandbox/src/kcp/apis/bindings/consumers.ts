import type { ApiBinding } from '../types.ts'

/** Where a binding is. */
export type Consumer = { cluster: string; binding: string }

type Listener = (exportCluster: string, exportName: string) => void

/** The bindings of a shard by the export that they are to, once that is known. */
export class Consumers {
  /** By `<cluster>|<name>` of the export, then of the binding. */
  readonly #byExport = new Map<string, Map<string, Consumer>>()
  readonly #exportOf = new Map<string, string>()
  readonly #listeners = new Set<Listener>()

  of(exportCluster: string, exportName: string): Iterable<Consumer> {
    return this.#byExport.get(`${exportCluster}|${exportName}`)?.values() ?? []
  }

  /** Whether there is any. */
  has(exportCluster: string, exportName: string): boolean {
    return this.#byExport.has(`${exportCluster}|${exportName}`)
  }

  /** Calls `listener` when an export gets its first consumer here or loses its last. Returns a function that ends it. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Learns of a binding as it is now; undefined once it is gone. */
  set(cluster: string, name: string, binding: ApiBinding | undefined): void {
    const key = `${cluster}|${name}`
    const [exportCluster, exportName] = [binding?.status?.apiExportClusterName, binding?.spec?.reference?.export?.name]
    const isKnown = exportCluster !== undefined && exportName !== undefined
    const now = isKnown ? `${exportCluster}|${exportName}` : undefined
    const before = this.#exportOf.get(key)
    if (now === before) return
    if (before !== undefined) this.#remove(before, key)
    if (now !== undefined) this.#add(now, key, { cluster, binding: name })
  }

  #add(of: string, key: string, consumer: Consumer): void {
    const known = this.#byExport.get(of)
    this.#exportOf.set(key, of)
    if (known !== undefined) {
      known.set(key, consumer)
      return
    }
    this.#byExport.set(of, new Map([[key, consumer]]))
    this.#tell(of)
  }

  #remove(of: string, key: string): void {
    const known = this.#byExport.get(of)
    known?.delete(key)
    this.#exportOf.delete(key)
    if (known?.size !== 0) return
    this.#byExport.delete(of)
    this.#tell(of)
  }

  #tell(of: string): void {
    const [cluster = '', name = ''] = of.split('|')
    for (const listener of this.#listeners) listener(cluster, name)
  }
}
