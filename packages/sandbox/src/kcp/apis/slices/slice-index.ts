import { keyOf } from '../../../kube/controllers/mod.ts'
import type { ReplicatedChange, ReplicatedObject, ShardServices } from '../../services.ts'
import type { EndpointSlice } from '../types.ts'

/** The logical cluster of the export that a slice is about; undefined where its path leads nowhere. */
export function exportClusterOf(
  { directory }: ShardServices,
  cluster: string,
  { spec }: EndpointSlice,
): string | undefined {
  const { path = '' } = spec.export
  return directory.resolve(path === '' ? cluster : path)?.cluster
}

/** The APIExportEndpointSlices of all shards by the export that they are about. */
export class SliceIndex {
  readonly #services: ShardServices
  /** By the name of the export: where its path leads to may become known later. */
  readonly #byName = new Map<string, Map<string, ReplicatedObject>>()
  readonly #end: () => void

  constructor(services: ShardServices) {
    this.#services = services
    for (const now of services.cache.list('apiexportendpointslices.apis.kcp.io')) this.#follow({ type: 'ADDED', now })
    this.#end = services.cache.watch('apiexportendpointslices.apis.kcp.io', (change) => this.#follow(change))
  }

  /** Keys of the slices of an export. */
  keysOf(exportCluster: string, exportName: string): string[] {
    return [...(this.#byName.get(exportName) ?? [])]
      .filter(([, { cluster, object }]) => {
        return exportClusterOf(this.#services, cluster, object as EndpointSlice) === exportCluster
      })
      .map(([key]) => key)
  }

  close(): void {
    this.#end()
  }

  #follow({ type, now }: Pick<ReplicatedChange, 'type' | 'now'>): void {
    const { name } = (now.object as EndpointSlice).spec.export
    const slices = this.#byName.get(name) ?? new Map<string, ReplicatedObject>()
    const key = keyOf({ cluster: now.cluster, namespace: '', name: now.name })
    if (type === 'DELETED') slices.delete(key)
    else slices.set(key, now)
    if (slices.size === 0) this.#byName.delete(name)
    else this.#byName.set(name, slices)
  }
}
