import type { WatchedObject } from '../watch/types.ts'

/** APIExportEndpointSlices (contract 4.7). */
export const ENDPOINT_SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiexportendpointslices' }

export type ExportRef = { path: string; name: string }

export type EndpointSlice = WatchedObject & {
  spec: { export: { path?: string; name: string }; partition?: string }
  status?: { endpoints?: { url: string }[] }
}

export function urlsOf({ status }: EndpointSlice): string[] {
  return (status?.endpoints ?? []).map(({ url }) => url)
}

/** The export that a slice is about; without a path it is in the slice's own logical cluster. */
export function exportOf({ spec, metadata }: EndpointSlice): ExportRef {
  return { path: spec.export.path || (metadata.annotations?.[CLUSTER_ANNOTATION] ?? ''), name: spec.export.name }
}

/** The logical cluster that an object is in (contract 2.1). */
const CLUSTER_ANNOTATION = 'kcp.io/cluster'
/** The canonical path of the workspace that an APIBinding is in (contract 2.2). */
export const PATH_ANNOTATION = 'kcp.io/path'

export function clusterOf({ metadata }: WatchedObject): string {
  return metadata.annotations?.[CLUSTER_ANNOTATION] ?? ''
}
