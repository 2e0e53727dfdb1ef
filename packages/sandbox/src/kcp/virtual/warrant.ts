import { AUTHENTICATED } from '../../kube/authn/mod.ts'
import type { UserInfo } from '../../kube/user.ts'
import { PerCluster, scopeExtra, warrantExtra } from '../authz/mod.ts'
import { KCP_ADMINS } from '../groups.ts'

const ADMIN = 'system:kcp:external-admin'

/** Who each user that was made here was before. */
const callers = new WeakMap<UserInfo, UserInfo>()

const users = new PerCluster<UserInfo>((user, cluster) => {
  const warrant = warrantExtra({ username: ADMIN, groups: [KCP_ADMINS, AUTHENTICATED], extra: scopeExtra(cluster) })
  const extra = Object.entries(warrant).map(([key, values]) => [key, [...(user.extra[key] ?? []), ...values]])
  const made = { ...user, extra: { ...user.extra, ...Object.fromEntries(extra) } }
  callers.set(made, user)
  return made
})

/** The caller, with the rights of an administrator in one logical cluster (contract 7.3): the consumer's RBAC is not for providers. */
export function warranted(user: UserInfo, cluster: string): UserInfo {
  return users.of(user, cluster)
}

/** The caller as it was before `warranted`; others as they are. */
export function withoutWarrant(user: UserInfo): UserInfo {
  return callers.get(user) ?? user
}
