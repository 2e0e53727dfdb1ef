import { type Policy, PolicyIndex, type PolicySource } from '../../kube/authz/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { clusterRole, clusterRoleBinding } from '../authz/mod.ts'
import {
  EXTERNAL_LOGICAL_CLUSTER_ADMIN,
  KCP_ADMINS,
  LOGICAL_CLUSTER_ADMIN,
  POLICY_PREFIX,
  WORKSPACE_BOOTSTRAPPER,
} from '../groups.ts'
import { APIS, CORE, TENANCY } from '../names.ts'

const WORKSPACE_ACCESS = 'system:kcp:workspace:access'
const READ = ['get', 'list', 'watch']

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
    clusterRole(WORKSPACE_BOOTSTRAPPER, [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ]),
    clusterRole(LOGICAL_CLUSTER_ADMIN, [{ ...logicalClusters, verbs: ['*'] }, workspaces]),
    clusterRole(EXTERNAL_LOGICAL_CLUSTER_ADMIN, [
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
  const bootstrappers = [WORKSPACE_BOOTSTRAPPER, POLICY_PREFIX + WORKSPACE_BOOTSTRAPPER]
  return [
    clusterRoleBinding('system:kcp:admin:cluster-admin', 'cluster-admin', 'Group', [KCP_ADMINS]),
    clusterRoleBinding(WORKSPACE_BOOTSTRAPPER, WORKSPACE_BOOTSTRAPPER, 'Group', bootstrappers),
    ...[LOGICAL_CLUSTER_ADMIN, EXTERNAL_LOGICAL_CLUSTER_ADMIN].map((group) =>
      clusterRoleBinding(group, group, 'Group', [group]),
    ),
  ]
}
