import type { Attributes, Authorizer } from '../authorizer.ts'
import { forbidden } from '../authz/mod.ts'
import { StatusError } from '../errors.ts'
import { goQuote } from '../go-text.ts'
import type { HttpRequest } from '../http.ts'
import type { UserInfo } from '../user.ts'
import {
  ANONYMOUS,
  AUTHENTICATED,
  MASTERS,
  parseServiceAccountName,
  serviceAccountGroups,
  UNAUTHENTICATED,
} from './groups.ts'
import { type WantedUser, wantedUser } from './impersonation-headers.ts'

/** What holds beyond RBAC for all but system:masters (contract 12.8). */
export type ImpersonationLimits = {
  /** Whether a group is one that only its members may take on. */
  special: (group: string) => boolean
  /** Whether the key of an extra is one that nobody may give to somebody else. */
  reserved: (key: string) => boolean
  /** Is added to the extra of the impersonated user. */
  scope: (cluster: string) => Readonly<Record<string, readonly string[]>>
}

export type ImpersonationOptions = {
  cluster: string
  user: UserInfo
  headers: HttpRequest['headers']
  authorizer: Authorizer
  limits?: ImpersonationLimits
}

/**
 * The user that a request is to run as: `user` itself where it carries no Impersonate-* headers, else the one they name, after the
 * authorizer allowed each part of it. Throws StatusError 403, or 500 for headers that name no user.
 */
export function impersonate({ cluster, user, headers, authorizer, limits }: ImpersonationOptions): UserInfo {
  const wanted = readHeaders(headers)
  if (wanted === undefined) return user
  const isLimited = limits !== undefined && !user.groups.includes(MASTERS)
  if (isLimited) refuseBeyond(wanted, user, limits)
  for (const attributes of checksFor(wanted, cluster, user)) {
    const { allowed, reason } = authorizer.authorize(attributes)
    if (!allowed) throw forbidden(attributes, reason)
  }
  const result = { ...wanted, groups: groupsOf(wanted) }
  const { uid, ...rest } = result
  const impersonated: UserInfo = { ...rest, ...(uid !== '' && { uid }) }
  return isLimited ? { ...impersonated, extra: { ...impersonated.extra, ...limits.scope(cluster) } } : impersonated
}

function readHeaders(headers: HttpRequest['headers']): WantedUser | undefined {
  const wanted = wantedUser(headers)
  const { username, uid, groups, extra } = wanted
  if (username !== '') return wanted
  const more = groups.length > 0 || uid !== '' || Object.keys(extra).length > 0
  if (more) throw StatusError.internal(new Error('requested impersonation without impersonating a user'))
  return undefined
}

function* checksFor(
  { username, uid, groups, extra }: WantedUser,
  cluster: string,
  user: UserInfo,
): Iterable<Attributes> {
  const check = (resource: string, name: string, more: Partial<Attributes> = {}): Attributes => ({
    ...{ cluster, user, verb: 'impersonate', group: '', version: 'v1', resource, subresource: '', namespace: '', name },
    ...{ path: '', isResourceRequest: true },
    ...more,
  })
  const account = parseServiceAccountName(username)
  if (account === undefined) yield check('users', username)
  else yield check('serviceaccounts', account.name, { namespace: account.namespace })
  for (const group of groups) yield check('groups', group)
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) {
      yield check('userextras', value, { group: 'authentication.k8s.io', subresource: key })
    }
  }
  if (uid !== '') yield check('uids', uid, { group: 'authentication.k8s.io' })
}

function groupsOf({ username, groups }: WantedUser): string[] {
  const account = parseServiceAccountName(username)
  const own = groups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : groups
  if (username === ANONYMOUS.username) return own.includes(UNAUTHENTICATED) ? own : [...own, UNAUTHENTICATED]
  return own.includes(AUTHENTICATED) || own.includes(UNAUTHENTICATED) ? own : [...own, AUTHENTICATED]
}

function refuseBeyond({ groups, extra }: WantedUser, user: UserInfo, { special, reserved }: ImpersonationLimits): void {
  const key = Object.keys(extra).find(reserved)
  if (key !== undefined)
    throw impersonationRefused(`impersonating the extra key ${goQuote(key)} is not allowed for the requestor`)
  if (groups.some((group) => special(group) && !user.groups.includes(group))) {
    throw impersonationRefused('impersonation is not allowed for the requestor')
  }
}

/** 403 for who may take on no such user. */
export function impersonationRefused(why: string): StatusError {
  return new StatusError(403, 'Forbidden', `forbidden: ${why}`, {})
}
