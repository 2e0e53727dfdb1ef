export { clusterAnnotation, pathAnnotation, reservedMetadata } from './annotations.ts'
export {
  clusterUrl,
  findClusterUrl,
  isClusterName,
  isClusterPath,
  joinPath,
  splitClusterUrl,
  splitPath,
} from './cluster-names.ts'
export { Directory } from './directory.ts'
export { LOGICAL_CLUSTERS, logicalClusterIn, logicalClusters } from './logical-cluster.ts'
export { logicalClusterAdmission } from './logical-cluster-admission.ts'
