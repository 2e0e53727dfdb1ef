import { type Policy, PolicyIndex, type PolicyRule, type PolicySource } from '../../kube/authz/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { APIS, CORE, TENANCY } from '../names.ts'

const ADMIN = 'system:kcp:admin'
const BOOTSTRAPPER = 'system:kcp:tenancy:workspace-bootstrapper'
const LOGICAL_CLUSTER_ADMIN = 'system:kcp:logical-cluster-admin'
const EXTERNAL_ADMIN = 'system:kcp:external-logical-cluster-admin'
const WORKSPACE_ACCESS = 'system:kcp:workspace:access'
const RBAC = 'rbac.authorization.k8s.io'
const READ = ['get', 'list', 'watch']

/** A ClusterRole with these rules. */
export function clusterRole(name: string, rules: readonly PolicyRule[]): KubeObject {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules }
}

/** A ClusterRoleBinding of groups. */
export function clusterRoleBinding(name: string, role: string, groups: readonly string[]): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })),
  }
}

/** What kcp adds to Kubernetes' bootstrap policy (contract 12.3); counts in every logical cluster. */
export function kcpPolicySource(): PolicySource {
  let index: PolicyIndex | undefined
  return {
    policy(): Policy {
      if (index !== undefined) return index
      index = new PolicyIndex()
      for (const object of [...clusterRoles(), ...clusterRoleBindings()]) index.set(object)
      return index
    },
  }
}

function clusterRoles(): KubeObject[] {
  const owned = ['delete', 'update', 'get']
  const logicalClusters = { apiGroups: [CORE], resources: ['logicalclusters', 'logicalclusters/status'] }
  const workspaces = { apiGroups: [TENANCY], resources: ['workspaces'], verbs: owned }
  const access = { nonResourceURLs: ['/'], verbs: ['access'] }
  return [
    clusterRole(WORKSPACE_ACCESS, [access]),
    clusterRole('system:kcp:tenancy:reader', [
      { apiGroups: [TENANCY], resources: ['workspaces', 'workspacetypes'], verbs: READ },
      { apiGroups: [CORE], resources: ['logicalclusters'], verbs: READ },
    ]),
    clusterRole(BOOTSTRAPPER, [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ]),
    clusterRole(LOGICAL_CLUSTER_ADMIN, [{ ...logicalClusters, verbs: ['*'] }, workspaces]),
    clusterRole(EXTERNAL_ADMIN, [
      { ...logicalClusters, verbs: owned },
      workspaces,
      { apiGroups: [''], resources: ['serviceaccounts', 'secrets'], verbs: ['get'] },
      { apiGroups: [APIS], resources: ['apiexportendpointslices/status'], verbs: ['update', 'patch', 'get'] },
      { apiGroups: [APIS], resources: ['apiexportendpointslices'], verbs: READ },
      access,
    ]),
  ]
}

function clusterRoleBindings(): KubeObject[] {
  return [
    clusterRoleBinding('system:kcp:admin:cluster-admin', 'cluster-admin', [ADMIN]),
    clusterRoleBinding(BOOTSTRAPPER, BOOTSTRAPPER, [BOOTSTRAPPER, `apis.kcp.io:binding:${BOOTSTRAPPER}`]),
    clusterRoleBinding(LOGICAL_CLUSTER_ADMIN, LOGICAL_CLUSTER_ADMIN, [LOGICAL_CLUSTER_ADMIN]),
    clusterRoleBinding(EXTERNAL_ADMIN, EXTERNAL_ADMIN, [EXTERNAL_ADMIN]),
  ]
}
