import type { Catalog } from '../../resource.ts'
import type { Scope } from '../scope.ts'

type Open = { scope: Scope; end: () => void }
/** Of one logical cluster, and the generation of its types that was seen last. */
type Watched = { generation: number; readonly watches: Set<Open> }

/** How soon a watch of a type that is not served any more ends, in milliseconds. */
const SWEEP = 250

/** The watches of a server, so that those end whose type is not served any more. */
export class OpenWatches {
  private readonly catalog: Catalog
  private readonly clusters = new Map<string, Watched>()
  private timer: NodeJS.Timeout | undefined

  constructor(catalog: Catalog) {
    this.catalog = catalog
  }

  /** Answers how to take it out again. */
  add(scope: Scope, end: () => void): () => void {
    const { cluster } = scope
    const watch = { scope, end }
    const watched = this.clusters.get(cluster) ?? { generation: this.catalog.generation(cluster), watches: new Set() }
    this.clusters.set(cluster, watched)
    watched.watches.add(watch)
    this.timer ??= setInterval(() => this.sweep(), SWEEP).unref()
    return () => {
      watched.watches.delete(watch)
      if (watched.watches.size === 0 && this.clusters.get(cluster) === watched) this.clusters.delete(cluster)
      if (this.clusters.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  /** Ends the watches of types that are not served any more. */
  private sweep(): void {
    for (const [cluster, watched] of [...this.clusters]) {
      const generation = this.catalog.generation(cluster)
      if (generation === watched.generation) continue
      watched.generation = generation
      for (const { scope, end } of [...watched.watches]) if (!this.isServed(scope)) end()
    }
  }

  private isServed({ cluster, resource, version }: Scope): boolean {
    try {
      const present = this.catalog.find(cluster, resource.group, resource.resource, resource.identity)
      return present?.storage === resource.storage && present.versions.get(version.name)?.served === true
    } catch {
      return false
    }
  }
}
