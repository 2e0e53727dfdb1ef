import type { Catalog } from '../../resource.ts'
import type { Scope } from '../scope.ts'

type Open = { scope: Scope; end: () => void }

/** How soon a watch of a type that is not served any more ends, in milliseconds. */
const SWEEP = 250

/** The watches of a server, so that those end whose type is not served any more. */
export class OpenWatches {
  private readonly catalog: Catalog
  private readonly open = new Set<Open>()
  private readonly generations = new Map<string, number>()
  private timer: NodeJS.Timeout | undefined

  constructor(catalog: Catalog) {
    this.catalog = catalog
  }

  /** Answers how to take it out again. */
  add(scope: Scope, end: () => void): () => void {
    const watch = { scope, end }
    this.open.add(watch)
    if (!this.generations.has(scope.cluster))
      this.generations.set(scope.cluster, this.catalog.generation(scope.cluster))
    this.timer ??= setInterval(() => this.sweep(), SWEEP).unref()
    return () => {
      this.open.delete(watch)
      if (this.open.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
      this.generations.clear()
    }
  }

  /** Ends the watches of types that are not served any more. */
  private sweep(): void {
    for (const [cluster, known] of this.generations) {
      const generation = this.catalog.generation(cluster)
      if (generation === known) continue
      this.generations.set(cluster, generation)
      for (const { scope, end } of [...this.open]) if (scope.cluster === cluster && !this.isServed(scope)) end()
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
