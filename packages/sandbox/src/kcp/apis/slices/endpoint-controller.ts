import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import { parseOwnJson } from '../../../kube/json.ts'
import { parseLabelSelector } from '../../../kube/selectors/mod.ts'
import type { StoreEvent } from '../../../store/types.ts'
import { PARTITION_VALID } from '../../condition-types.ts'
import { isTrue } from '../../conditions.ts'
import { ROOT_CLUSTER } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import { exportUrlAt } from '../../virtual-urls.ts'
import type { BoundTypes } from '../bound-types.ts'
import { API_BINDINGS, endpointSlices } from '../system-types/mod.ts'
import type { ApiBinding, EndpointSlice } from '../types.ts'
import { exportClusterOf, type SliceIndex } from './slice-index.ts'

/**
 * Keeps this shard's own URL in the APIExportEndpointSlices of all shards: there as long as the shard holds a binding to the export
 * and is one of those that count (contract 4.7).
 */
export function endpointController(
  services: ShardServices,
  bound: BoundTypes,
  index: SliceIndex,
): { controller: Controller; stop: () => void } {
  const { store, log, cache, shard } = services
  const controller = new Controller(store, log, {
    name: 'apiexport-endpoints',
    // For the start; later changes come from the consumers.
    triggers: [{ resource: API_BINDINGS, keys: (event) => slicesOf(event, index) }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      reconcile(services, bound, cluster, name)
      return undefined
    },
  })
  const lookAt = (exportCluster: string, exportName: string) => {
    for (const key of index.keysOf(exportCluster, exportName)) controller.enqueue(key)
  }
  const ends = [
    bound.consumers.watch(lookAt),
    cache.watch('apiexports.apis.kcp.io', ({ type, now }) => {
      if (type !== 'MODIFIED') lookAt(now.cluster, now.name)
    }),
    cache.watch('apiexportendpointslices.apis.kcp.io', ({ now }) => {
      controller.enqueue(keyOf({ cluster: now.cluster, namespace: '', name: now.name }))
    }),
    cache.watch('shards.core.kcp.io', ({ now }) => {
      if (now.name !== shard.name) return
      for (const { cluster, name } of cache.list('apiexportendpointslices.apis.kcp.io')) {
        controller.enqueue(keyOf({ cluster, namespace: '', name }))
      }
    }),
  ]
  const stop = () => {
    for (const end of ends) end()
  }
  return { controller, stop }
}

function slicesOf({ type, entry }: StoreEvent, index: SliceIndex): string[] {
  if (type !== 'ADDED') return []
  const { spec, status } = parseOwnJson<ApiBinding>(entry.bytes)
  const [exportCluster, exportName] = [status?.apiExportClusterName, spec?.reference?.export?.name]
  return exportCluster === undefined || exportName === undefined ? [] : index.keysOf(exportCluster, exportName)
}

function reconcile(services: ShardServices, bound: BoundTypes, cluster: string, name: string): void {
  const { cache, shard, clientAt } = services
  const found = cache.get('apiexportendpointslices.apis.kcp.io', cluster, name)
  if (found === undefined) return
  const slice = found.object as EndpointSlice
  const exportCluster = exportClusterOf(services, cluster, slice)
  if (exportCluster === undefined) return
  const exportName = slice.spec.export.name
  const url = exportUrlAt(shard.virtualWorkspaceUrl, exportCluster, exportName)
  const isWanted =
    cache.get('apiexports.apis.kcp.io', exportCluster, exportName) !== undefined &&
    bound.consumers.has(exportCluster, exportName) &&
    counts(services, slice)
  if (isWanted === hasUrl(slice, url)) return
  clientAt(found.shard, cluster).modify(
    endpointSlices,
    '',
    name,
    (object) => put(object as EndpointSlice, url, isWanted),
    'status',
  )
}

/** Whether this shard is one of those in the slice's partition. */
function counts({ cache, shard }: ShardServices, slice: EndpointSlice): boolean {
  if (!isTrue(slice, PARTITION_VALID)) return false
  const labels = cache.get('shards.core.kcp.io', ROOT_CLUSTER, shard.name)?.object.metadata.labels
  return parseLabelSelector(slice.status?.shardSelector ?? '')(labels)
}

function hasUrl({ status }: EndpointSlice, wanted: string): boolean {
  return (status?.endpoints ?? []).some(({ url }) => url === wanted)
}

function put(slice: EndpointSlice, wanted: string, isWanted: boolean): void {
  const { endpoints = [], ...status } = slice.status ?? {}
  const others = endpoints.filter(({ url }) => url !== wanted)
  const next = isWanted ? [...others, { url: wanted }] : others
  slice.status = { ...status, ...(next.length > 0 && { endpoints: next }) }
}
