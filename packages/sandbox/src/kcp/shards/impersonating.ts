import { AUTHENTICATED, type ImpersonationLimits, impersonate, MASTERS } from '../../kube/authn/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { HttpRequest } from '../../kube/http.ts'
import type { Authorizer } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import { GUARDED_EXTRAS, scopeExtra } from '../authz/mod.ts'
import {
  EXTERNAL_LOGICAL_CLUSTER_ADMIN,
  INITIALIZER_GROUP_PREFIX,
  KCP_ADMINS,
  LOGICAL_CLUSTER_ADMIN,
  TERMINATOR_GROUP_PREFIX,
  WORKSPACE_BOOTSTRAPPER,
} from '../groups.ts'
import { ROOT_CLUSTER } from '../names.ts'

const PREFIX = 'impersonate-'
const EXTRA_PREFIX = 'impersonate-extra-'
/** Groups of initializers and terminators, which virtual workspaces alone give (contract 8.3). */
const STEP_GROUPS = [INITIALIZER_GROUP_PREFIX, TERMINATOR_GROUP_PREFIX]
const INNER_GROUPS = [KCP_ADMINS, LOGICAL_CLUSTER_ADMIN, EXTERNAL_LOGICAL_CLUSTER_ADMIN, WORKSPACE_BOOTSTRAPPER]
/** Nobody takes on a group of more privilege than the own ones (contract 12.8). */
const LIMITS: ImpersonationLimits = {
  ranks: [[AUTHENTICATED], INNER_GROUPS, [MASTERS]],
  scope: scopeExtra,
}

/** The user that a request in a logical cluster runs as. Throws StatusError 403. */
export function effectiveUser(
  { headers }: HttpRequest,
  { cluster, user, authorizer }: { cluster: string; user: UserInfo; authorizer: Authorizer },
): UserInfo {
  const isPrivileged = user.groups.includes(MASTERS)
  if (!isPrivileged && (carriesGuardedExtra(headers) || takesStepGroup(headers))) {
    throw refused(headers)
  }
  return impersonate({ cluster, user, headers, authorizer, limits: LIMITS })
}

/**
 * The user that a request at a virtual workspace runs as. There is no logical cluster whose RBAC could allow it to others than
 * system:masters. Throws StatusError 403.
 */
export function effectiveServiceUser({ headers }: HttpRequest, user: UserInfo, authorizer: Authorizer): UserInfo {
  const isAsked = Object.keys(headers).some((name) => name.startsWith(PREFIX))
  if (isAsked && !user.groups.includes(MASTERS)) {
    throw refused(headers)
  }
  return impersonate({ cluster: ROOT_CLUSTER, user, headers, authorizer })
}

/** The request as one that asks for no other user. */
export function withoutImpersonation(request: HttpRequest): HttpRequest {
  const kept = Object.entries(request.headers).filter(([name]) => !name.startsWith(PREFIX))
  return { ...request, headers: Object.fromEntries(kept) }
}

function refused(headers: HttpRequest['headers']): StatusError {
  const why = 'impersonation is not allowed for the requestor'
  return StatusError.forbidden({ group: '', resource: 'users' }, headers['impersonate-user'] ?? '', why)
}

function carriesGuardedExtra(headers: HttpRequest['headers']): boolean {
  const names = Object.keys(headers).filter((name) => name.startsWith(EXTRA_PREFIX))
  return names.some((name) => GUARDED_EXTRAS.includes(decoded(name.slice(EXTRA_PREFIX.length)).toLowerCase()))
}

function takesStepGroup(headers: HttpRequest['headers']): boolean {
  const groups = headers['impersonate-group']?.split(', ') ?? []
  return groups.some((group) => STEP_GROUPS.some((prefix) => group.startsWith(prefix)))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // No name of an extra that anybody guards.
    return text
  }
}
