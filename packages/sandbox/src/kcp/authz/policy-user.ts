import type { UserInfo } from '../../kube/user.ts'
import { globalUser } from './effective-users.ts'

const PREFIX = 'apis.kcp.io:binding:'

/** A user of a logical cluster as an export's maximalPermissionPolicy names it (contract 12.6). */
export function policyUser(user: UserInfo, cluster: string): UserInfo {
  const { username } = globalUser(user, cluster)
  return { username: PREFIX + username, groups: user.groups.map((group) => PREFIX + group), extra: {} }
}
