import type { PolicyRule } from '../../kube/authz/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'

/** Of RBAC's types. */
export const RBAC = 'rbac.authorization.k8s.io'

/** A ClusterRole with these rules. */
export function clusterRole(name: string, rules: readonly PolicyRule[]): KubeObject {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules }
}

/** A ClusterRoleBinding of users, or of groups. */
export function clusterRoleBinding(
  name: string,
  role: string,
  kind: 'User' | 'Group',
  who: readonly string[],
): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: who.map((each) => ({ apiGroup: RBAC, kind, name: each })),
  }
}
