import type { Attributes } from '../../../kube/authorizer.ts'
import { ruleAllows } from '../../../kube/authz/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { UserInfo } from '../../../kube/user.ts'
import { globalUser } from '../../authz/mod.ts'
import { initializerGroup, logicalClusterSpec, type WorkspaceType } from '../../workspaces/mod.ts'

/** Whether the permissions that a type gives to its initializer allow a request. */
export function typeAllows({ spec }: WorkspaceType, attributes: Attributes): boolean {
  return (spec.initializerPermissions ?? []).some((rule) => ruleAllows(rule, attributes))
}

/** The caller as it is known elsewhere, as a member of the initializer's group. */
export function asInitializer(user: UserInfo, cluster: string, initializer: string): UserInfo {
  const known = globalUser(user, cluster)
  return { ...known, groups: [...known.groups, initializerGroup(initializer)], extra: {} }
}

/** Who created the workspace: initializers without permissions of their own act as that user (contract 8.3). */
export function creatorOf(logicalCluster: KubeObject): UserInfo {
  const { username = '', uid, groups = [], extra = {} } = logicalClusterSpec(logicalCluster).createdBy ?? {}
  return { username, groups, extra, ...(uid !== undefined && { uid }) }
}
