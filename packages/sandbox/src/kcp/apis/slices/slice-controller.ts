import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { EXPORT_VALID, PARTITION_VALID } from '../../condition-types.ts'
import { markFalse, markTrue } from '../../conditions.ts'
import type { ShardServices } from '../../services.ts'
import { endpointSlices } from '../system-types/mod.ts'
import type { EndpointSlice } from '../types.ts'
import { type LabelSelector, selectorText } from './selector-text.ts'
import { exportClusterOf, type SliceIndex } from './slice-index.ts'

/** Says on each APIExportEndpointSlice of this shard whether it is valid and which shards count (contract 4.7). */
export function sliceController(
  services: ShardServices,
  index: SliceIndex,
): { controller: Controller; stop: () => void } {
  const { store, log, cache, clientIn } = services
  const { storage } = endpointSlices
  const controller = new Controller(store, log, {
    name: 'apiexportendpointslices',
    triggers: [{ resource: storage }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const change = (object: KubeObject) => report(services, cluster, object as EndpointSlice)
      clientIn(cluster).modify(endpointSlices, '', name, change, 'status')
      return undefined
    },
  })
  const lookAtAll = (cluster?: string) => {
    const range = { resource: storage, ...(cluster !== undefined && { cluster }) }
    for (const { key } of store.list(range).entries) controller.enqueue(keyOf(key))
  }
  const ends = [
    cache.watch('apiexports.apis.kcp.io', ({ type, now }) => {
      if (type === 'MODIFIED') return
      for (const key of index.keysOf(now.cluster, now.name)) controller.enqueue(key)
    }),
    cache.watch('partitions.topology.kcp.io', ({ now }) => lookAtAll(now.cluster)),
    cache.watch('shards.core.kcp.io', () => lookAtAll()),
  ]
  const stop = () => {
    for (const end of ends) end()
  }
  return { controller, stop }
}

function report(services: ShardServices, cluster: string, slice: EndpointSlice): void {
  const { cache, now } = services
  const { path = '', name } = slice.spec.export
  const exportCluster = exportClusterOf(services, cluster, slice)
  if (exportCluster === undefined || cache.get('apiexports.apis.kcp.io', exportCluster, name) === undefined) {
    const message = `Error getting APIExport ${path === '' ? cluster : path}|${name}`
    withoutEndpoints(slice)
    markFalse(slice, EXPORT_VALID, { severity: 'Error', reason: 'APIExportNotFound', message }, now())
    return
  }
  markTrue(slice, EXPORT_VALID, now())
  const selector = shardSelector(services, cluster, slice)
  if (selector === undefined) {
    const message = `partitions.topology.kcp.io "${slice.spec.partition}" not found`
    withoutEndpoints(slice)
    markFalse(slice, PARTITION_VALID, { severity: 'Error', reason: 'PartitionInvalidReference', message }, now())
    return
  }
  markTrue(slice, PARTITION_VALID, now())
  const { shardSelector: _, ...status } = slice.status ?? {}
  slice.status = { ...status, ...(selector !== '' && { shardSelector: selector }) }
  dropUnknown(services, slice)
}

/** Of the slice's Partition, as text; undefined where that is not there. */
function shardSelector({ cache }: ShardServices, cluster: string, { spec }: EndpointSlice): string | undefined {
  const { partition = '' } = spec
  if (partition === '') return ''
  const found = cache.get('partitions.topology.kcp.io', cluster, partition)?.object
  if (found === undefined) return undefined
  return selectorText((found['spec'] as { selector?: LabelSelector } | undefined)?.selector ?? {})
}

function withoutEndpoints(slice: EndpointSlice): void {
  const { endpoints: _, ...status } = slice.status ?? {}
  slice.status = status
}

/** Shards keep their own endpoints; what is at no shard's address was left by one that is gone, or moved. */
function dropUnknown({ cache }: ShardServices, slice: EndpointSlice): void {
  const { endpoints = [], ...status } = slice.status ?? {}
  const bases = cache
    .list('shards.core.kcp.io')
    .map(({ object }) => (object['spec'] as { virtualWorkspaceURL?: string } | undefined)?.virtualWorkspaceURL)
  const known = endpoints.filter(({ url }) => bases.some((base) => base !== undefined && url.startsWith(`${base}/`)))
  slice.status = { ...status, ...(known.length > 0 && { endpoints: known }) }
}
