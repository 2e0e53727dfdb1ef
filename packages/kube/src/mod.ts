export {
  type ApplyOptions,
  type CollectionRef,
  type DeleteOptions,
  KubeClient,
  type List,
  type ListOptions,
  type ObjectRef,
  type ReadOptions,
  type ResourceRef,
  type WriteOptions,
} from './client.ts'
export { type DiscoveredResource, type Kind, resolveResource } from './discovery.ts'
export {
  AlreadyExistsError,
  ConnectionError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTransient,
  KubeconfigError,
  KubeError,
} from './errors.ts'
export { type Cluster, KubeconfigFiles } from './kubeconfig-files.ts'
export { isAppliedBy } from './managed-fields.ts'
export { type Gone, type Watch, type WatchEvent, type WatchHandler, type WatchOptions, type WatchedObject, watchResource } from './watch.ts'
