import type { Attributes } from '../../../kube/authorizer.ts'
import { ruleAllows } from '../../../kube/authz/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { UserInfo } from '../../../kube/user.ts'
import { globalUser } from '../../authz/mod.ts'
import { logicalClusterSpec, type StepKind, type WorkspaceType } from '../../workspaces/mod.ts'

/** Whether the permissions that a type gives to its initializer or terminator allow a request. */
export function typeAllows(kind: StepKind, type: WorkspaceType, attributes: Attributes): boolean {
  return kind.permissions(type).some((rule) => ruleAllows(rule, attributes))
}

/** The caller as it is known elsewhere, as a member of the step's group. */
export function asStep(user: UserInfo, cluster: string, group: string): UserInfo {
  const known = globalUser(user, cluster)
  return { ...known, groups: [...known.groups, group], extra: {} }
}

/** Who created the workspace: who has no permissions of the type's acts as that user (contract 8.3). */
export function creatorOf(logicalCluster: KubeObject): UserInfo {
  const { username = '', uid, groups = [], extra = {} } = logicalClusterSpec(logicalCluster).createdBy ?? {}
  return { username, groups, extra, ...(uid !== undefined && { uid }) }
}
