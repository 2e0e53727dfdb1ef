import { AUTHENTICATED } from '../../kube/authn/mod.ts'
import type { UserInfo } from '../../kube/user.ts'
import { scopeExtra, warrantExtra } from '../authz/mod.ts'
import { KCP_ADMINS } from '../groups.ts'

const ADMIN = 'system:kcp:external-admin'

/** The caller, with the rights of an administrator in one logical cluster (contract 7.3): the consumer's RBAC is not for providers. */
export function warranted(user: UserInfo, cluster: string): UserInfo {
  const warrant = warrantIn(cluster)
  const extra = Object.entries(warrant).map(([key, values]) => [key, [...(user.extra[key] ?? []), ...values]])
  return { ...user, extra: { ...user.extra, ...Object.fromEntries(extra) } }
}

/** The caller as it was before `warranted`; others as they are. */
export function withoutWarrant(user: UserInfo, cluster: string): UserInfo {
  const extra = { ...user.extra }
  for (const [key, [text]] of Object.entries(warrantIn(cluster))) {
    const values = extra[key] ?? []
    if (values.at(-1) !== text) continue
    if (values.length > 1) extra[key] = values.slice(0, -1)
    else delete extra[key]
  }
  return { ...user, extra }
}

function warrantIn(cluster: string): Record<string, string[]> {
  return warrantExtra({ username: ADMIN, groups: [KCP_ADMINS, AUTHENTICATED], extra: scopeExtra(cluster) })
}
