export { anonymized } from './anonymized.ts'
export { aboutObject, aboutPath } from './attributes.ts'
export { AuthorizerChain } from './chain.ts'
export {
  CLUSTER_NAME_EXTRA,
  effectiveUsers,
  globalUser,
  homeClusters,
  scopeExtra,
  warrantExtra,
} from './effective-users.ts'
export { PerCluster } from './per-cluster.ts'
export { clusterRole, clusterRoleBinding, RBAC } from './policy-objects.ts'
export { policyUser } from './policy-user.ts'
export { ScopedRbac } from './rbac.ts'
