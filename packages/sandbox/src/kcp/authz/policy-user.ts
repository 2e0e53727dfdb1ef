import type { UserInfo } from '../../kube/user.ts'
import { POLICY_PREFIX } from '../groups.ts'
import { globalUser } from './effective-users.ts'

/** A user of a logical cluster as an export's maximalPermissionPolicy names it (contract 12.6). */
export function policyUser(user: UserInfo, cluster: string): UserInfo {
  const { username } = globalUser(user, cluster)
  return { username: POLICY_PREFIX + username, groups: user.groups.map((group) => POLICY_PREFIX + group), extra: {} }
}
