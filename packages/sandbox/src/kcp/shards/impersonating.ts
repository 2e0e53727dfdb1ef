import {
  AUTHENTICATED,
  IMPERSONATION_PREFIX,
  type ImpersonationLimits,
  impersonate,
  impersonationRefused,
  MASTERS,
} from '../../kube/authn/mod.ts'
import type { Authorizer } from '../../kube/authorizer.ts'
import type { HttpRequest } from '../../kube/http.ts'
import type { UserInfo } from '../../kube/user.ts'
import { scopeExtra } from '../authz/mod.ts'
import {
  EXTERNAL_LOGICAL_CLUSTER_ADMIN,
  INITIALIZER_GROUP_PREFIX,
  KCP_ADMINS,
  LOGICAL_CLUSTER_ADMIN,
  TERMINATOR_GROUP_PREFIX,
  WORKSPACE_BOOTSTRAPPER,
} from '../groups.ts'
import { ROOT_CLUSTER } from '../names.ts'

/** Groups that mean something to kcp; nobody takes on one of more privilege than the own (contract 12.8). */
const SPECIAL_GROUPS = [
  ...[MASTERS, LOGICAL_CLUSTER_ADMIN, EXTERNAL_LOGICAL_CLUSTER_ADMIN, WORKSPACE_BOOTSTRAPPER, KCP_ADMINS],
  AUTHENTICATED,
]
/** Groups of initializers and terminators, which virtual workspaces alone give (contract 8.3). */
const STEP_GROUPS = [INITIALIZER_GROUP_PREFIX, TERMINATOR_GROUP_PREFIX]
/** In the keys of extras that give rights or take them away: authenticators alone set them. */
const RESERVED_EXTRA = 'kcp.io'
const LIMITS: ImpersonationLimits = {
  special: (group) => SPECIAL_GROUPS.includes(group) || STEP_GROUPS.some((prefix) => group.startsWith(prefix)),
  reserved: (key) => key.toLowerCase().includes(RESERVED_EXTRA),
  scope: scopeExtra,
}

/** The user that a request in a logical cluster runs as. Throws StatusError 403. */
export function effectiveUser(
  { headers }: HttpRequest,
  { cluster, user, authorizer }: { cluster: string; user: UserInfo; authorizer: Authorizer },
): UserInfo {
  return impersonate({ cluster, user, headers, authorizer, limits: LIMITS })
}

/**
 * The user that a request at a virtual workspace runs as. There is no logical cluster whose RBAC could allow it to others than
 * system:masters. Throws StatusError 403.
 */
export function effectiveServiceUser({ headers }: HttpRequest, user: UserInfo, authorizer: Authorizer): UserInfo {
  if (asksForOther(headers) && !user.groups.includes(MASTERS)) {
    throw impersonationRefused('impersonation is not allowed for the requestor')
  }
  return impersonate({ cluster: ROOT_CLUSTER, user, headers, authorizer })
}

/** The request as one that asks for no other user. */
export function withoutImpersonation(request: HttpRequest): HttpRequest {
  if (!asksForOther(request.headers)) return request
  const kept = Object.entries(request.headers).filter(([name]) => !name.startsWith(IMPERSONATION_PREFIX))
  return { ...request, headers: Object.fromEntries(kept) }
}

function asksForOther(headers: HttpRequest['headers']): boolean {
  return Object.keys(headers).some((name) => name.startsWith(IMPERSONATION_PREFIX))
}
