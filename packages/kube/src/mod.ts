export {
  type ApplyOptions,
  type CallOptions,
  type ClientEvent,
  type ClientOptions,
  type DeleteOptions,
  KubeClient,
  type List,
  type ListOptions,
  type ReadOptions,
  type Wire,
  type Write,
  type WriteEnd,
  type WriteFence,
  type WriteOptions,
} from './client.ts'
export { type Endpoint, readKubeconfig } from './clusters/kubeconfig.ts'
export { type Cluster, KubeconfigFiles, type KubeconfigFilesOptions } from './clusters/kubeconfig-files.ts'
export { type DiscoveredResource, type Kind, resolveResource } from './discovery.ts'
export {
  AlreadyExistsError,
  ConnectionError,
  CredentialsError,
  isAlreadyExists,
  isConflict,
  isFieldConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTransient,
  KubeconfigError,
  KubeError,
} from './errors.ts'
export { Connections } from './kcp/connections.ts'
export { EndpointSet } from './kcp/endpoint-set.ts'
export {
  clusterOf,
  ENDPOINT_SLICES,
  type EndpointSlice,
  type ExportRef,
  exportOf,
  PATH_ANNOTATION,
  urlsOf,
} from './kcp/endpoint-slices.ts'
export { type Binding, ExportBindings, isTrue } from './kcp/export-bindings.ts'
export { followExportedResources } from './kcp/exported-resources.ts'
export { type LogicalCluster, LogicalClusters } from './kcp/logical-clusters.ts'
export {
  type BoundCluster,
  type ExportWatchEvent,
  type ExportWatchHandler,
  type ExportWatchOptions,
  watchExport,
} from './kcp/watch-export.ts'
export { isAppliedBy } from './managed-fields.ts'
export { readIfThere } from './read-if-there.ts'
export type { CollectionRef, ObjectRef, ResourceRef } from './refs.ts'
export { Retries } from './retries.ts'
export { openWatches } from './transport.ts'
export { isBefore } from './watch/object-index.ts'
export type { Gone, Known, WatchEvent, WatchedObject, WatchHandler, WatchOptions } from './watch/types.ts'
export { type Watch, watchResource } from './watch/watch.ts'
