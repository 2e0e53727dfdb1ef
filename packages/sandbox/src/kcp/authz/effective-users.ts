import { parseJson, stringifyJson } from '@resource-broker/json'
import { ANONYMOUS, AUTHENTICATED, parseServiceAccountName } from '../../kube/authn/mod.ts'
import { isObject } from '../../kube/json.ts'
import type { UserInfo } from '../../kube/user.ts'
import { PerCluster } from './per-cluster.ts'

/** Extra that names the logical cluster of a service account (contract 12.7). */
export const CLUSTER_NAME_EXTRA = 'authentication.kcp.io/cluster-name'
/** Extra that restricts a user: `cluster:<a>,cluster:<b>` is one or the other, several values must all hold. */
const SCOPES_EXTRA = 'authentication.kcp.io/scopes'
/** Extra that carries users, in JSON, whose rights count besides those of the user. */
const WARRANT_EXTRA = 'authorization.kcp.io/warrant'
const CLUSTER_SCOPE = 'cluster:'
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'
const GLOBAL_SERVICE_ACCOUNT_PREFIX = 'system:kcp:serviceaccount:'
const CLUSTER_GROUP_PREFIX = 'system:cluster:'
/** A warrant can carry warrants; nobody needs them deeper. */
const MAX_DEPTH = 8

const effective = new PerCluster<readonly UserInfo[]>((user, cluster) => [...expand(user, cluster, 0)])

type Account = NonNullable<ReturnType<typeof parseServiceAccountName>>

/** The extra that restricts a user to one logical cluster. */
export function scopeExtra(cluster: string): Record<string, string[]> {
  return { [SCOPES_EXTRA]: [CLUSTER_SCOPE + cluster] }
}

/** The extra that gives a user the rights of `warrant` as well. */
export function warrantExtra(warrant: UserInfo): Record<string, string[]> {
  const { username: user, groups, extra, uid } = warrant
  return { [WARRANT_EXTRA]: [stringifyJson({ user, groups, extra, ...(uid !== undefined && { uid }) })] }
}

/** Logical clusters of a service account; undefined for other users, and for accounts that are meant where they are named. */
export function homeClusters(user: UserInfo): readonly string[] | undefined {
  return user.username.startsWith(SERVICE_ACCOUNT_PREFIX) ? user.extra[CLUSTER_NAME_EXTRA] : undefined
}

/**
 * Whose rights count for `user` in a logical cluster: the user itself where its scopes allow, a service account by its global name
 * too, and every warrant. One that is out of scope counts as somebody authenticated.
 */
export function effectiveUsers(user: UserInfo, cluster: string): readonly UserInfo[] {
  return effective.of(user, cluster)
}

/** The user as logical clusters other than its own know it: service accounts have a name that says where they are from. */
export function globalUser(user: UserInfo, cluster: string): UserInfo {
  const account = parseServiceAccountName(user.username)
  if (account === undefined) return user
  return globalAccount(user, account, homeClusters(user)?.[0] ?? cluster)
}

function globalAccount({ extra }: UserInfo, { namespace, name }: Account, home: string): UserInfo {
  const username = `${GLOBAL_SERVICE_ACCOUNT_PREFIX}${home}:${namespace}:${name}`
  return { username, groups: [AUTHENTICATED], extra }
}

/** Whether `user` is one whom other logical clusters know only by what `effectiveUsers` makes of it. */
function isForeign(user: UserInfo, cluster: string): boolean {
  return homeClusters(user)?.includes(cluster) === false
}

function* expand(user: UserInfo, cluster: string, depth: number): Iterable<UserInfo> {
  if (isInScope(user, cluster)) yield user
  else yield scopedDown(user)
  const account = parseServiceAccountName(user.username)
  if (account !== undefined) {
    const known = (homeClusters(user) ?? [cluster]).map((home) => globalAccount(user, account, home))
    yield* known.filter((each) => isInScope(each, cluster))
  }
  if (depth === MAX_DEPTH) return
  for (const text of user.extra[WARRANT_EXTRA] ?? []) {
    const warrant = parseWarrant(text)
    // An account without a logical cluster would be that of any.
    if (warrant === undefined || isUnbound(warrant)) continue
    yield* expand(warrant, cluster, depth + 1)
  }
}

function isUnbound(user: UserInfo): boolean {
  return user.username.startsWith(SERVICE_ACCOUNT_PREFIX) && (user.extra[CLUSTER_NAME_EXTRA] ?? []).length === 0
}

function isInScope(user: UserInfo, cluster: string): boolean {
  if (isForeign(user, cluster)) return false
  return (user.extra[SCOPES_EXTRA] ?? []).every((scopes) => scopes.split(',').includes(CLUSTER_SCOPE + cluster))
}

function scopedDown(user: UserInfo): UserInfo {
  if (!user.groups.includes(AUTHENTICATED)) return ANONYMOUS
  const scopes = (user.extra[SCOPES_EXTRA] ?? []).flatMap((value) => value.split(','))
  const named = scopes
    .filter((scope) => scope.startsWith(CLUSTER_SCOPE))
    .map((scope) => scope.slice(CLUSTER_SCOPE.length))
  const clusters = [...new Set([...(homeClusters(user) ?? []), ...named])]
  const groups = clusters.map((name) => CLUSTER_GROUP_PREFIX + name)
  return { username: ANONYMOUS.username, groups: [AUTHENTICATED, ...groups], extra: {} }
}

function parseWarrant(text: string): UserInfo | undefined {
  let value: unknown
  try {
    value = parseJson(text)
  } catch {
    // Whoever wrote it by hand gives no rights by it.
    return undefined
  }
  if (!isObject(value)) return undefined
  const { user, uid, groups, extra } = value
  return {
    username: typeof user === 'string' ? user : '',
    ...(typeof uid === 'string' && { uid }),
    groups: strings(groups),
    extra: isObject(extra) ? Object.fromEntries(Object.entries(extra).map(([key, list]) => [key, strings(list)])) : {},
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
