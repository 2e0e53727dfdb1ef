import { MASTERS, type TokenAuthenticator } from '../../kube/authn/mod.ts'
import type { Attributes } from '../../kube/authorizer.ts'
import { forbidden } from '../../kube/authz/mod.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../../kube/http.ts'
import { parseRequestInfo } from '../../kube/requests/mod.ts'
import type { UserInfo } from '../../kube/user.ts'
import { homeClusters } from '../authz/mod.ts'
import { clusterUrl, findClusterUrl, isClusterPath, splitClusterUrl } from '../clusters/mod.ts'
import { INITIALIZER_GROUP_PREFIX, LOGICAL_CLUSTER_ADMIN, TERMINATOR_GROUP_PREFIX } from '../groups.ts'
import { ROOT_CLUSTER } from '../names.ts'
import { plainText } from '../plain-text.ts'
import type { ClusterDirectory, ClusterLocation } from '../services.ts'
import { SERVICES } from '../virtual-urls.ts'
import type { Shard } from './shard.ts'

export type FrontProxyOptions = {
  authenticator: TokenAuthenticator
  directory: ClusterDirectory
  /** The first is the one that root is on. */
  shards: readonly Shard[]
}

/** Groups that mean something inside only: nobody has them who comes through the proxy (contract 12.3). */
const DROPPED = [MASTERS, LOGICAL_CLUSTER_ADMIN]
const DROPPED_PREFIXES = [INITIALIZER_GROUP_PREFIX, TERMINATOR_GROUP_PREFIX]
/** Headers by which the shards trust one another. */
const DROPPED_HEADERS = /^x-(kcp-internal-|remote-)/
const HEALTH = /^\/(healthz|livez|readyz)(\/|$)/
const NOT_PERMITTED = 'workspace access not permitted'

/** The one address of an installation with several shards: finds the shard of each logical cluster. */
export function frontProxy({ authenticator, directory, shards }: FrontProxyOptions): HttpHandler {
  return async (request) => {
    const { path } = request
    if (HEALTH.test(path)) return plainText(200, 'ok')
    const user = withoutInnerGroups(authenticator.authenticate(request.credentials))
    const outer = { ...request, headers: withoutInnerHeaders(request.headers) }
    if (path.startsWith(`${SERVICES}/`)) {
      const { shard, path: named } = serviceAt(directory, shards, path)
      return forward(shard, { ...outer, path: named }, user)
    }
    const url = splitClusterUrl(path) ?? inCluster(path, user)
    if (url === undefined) return plainText(404, '404 page not found')
    const found = isClusterPath(url.cluster) ? directory.resolve(url.cluster) : undefined
    if (found === undefined) throw forbidden(attributesOf(outer, url.path, user), NOT_PERMITTED)
    const inner = { ...outer, path: clusterUrl('', found.cluster) + url.path }
    return forward(shardAt(shards, found), inner, user)
  }
}

/** Contract 12.10. */
function inCluster(path: string, user: UserInfo): { cluster: string; path: string } | undefined {
  const home = homeClusters(user)?.[0]
  return home === undefined ? undefined : { cluster: home, path }
}

async function forward(shard: Shard | undefined, request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
  if (shard === undefined || !shard.isRunning) return plainText(502, 'Bad Gateway')
  return shard.serve(request, user)
}

/**
 * Virtual workspaces are on every shard: the one of the logical cluster that is asked about, which they know by name alone
 * (contract 1.13), else the one of root.
 */
function serviceAt(
  directory: ClusterDirectory,
  shards: readonly Shard[],
  path: string,
): { shard: Shard | undefined; path: string } {
  const url = findClusterUrl(path)
  const found = url === undefined || !isClusterPath(url.cluster) ? undefined : directory.resolve(url.cluster)
  if (url === undefined || found === undefined) return { shard: shards[0], path }
  return { shard: shardAt(shards, found), path: clusterUrl(url.before, found.cluster) + url.path }
}

function shardAt(shards: readonly Shard[], { shard }: ClusterLocation): Shard | undefined {
  return shards.find(({ info }) => info.name === shard)
}

function withoutInnerGroups(user: UserInfo): UserInfo {
  const isInner = (group: string) =>
    DROPPED.includes(group) || DROPPED_PREFIXES.some((prefix) => group.startsWith(prefix))
  return user.groups.some(isInner) ? { ...user, groups: user.groups.filter((group) => !isInner(group)) } : user
}

function withoutInnerHeaders(headers: HttpRequest['headers']): HttpRequest['headers'] {
  const isInner = (name: string) => DROPPED_HEADERS.test(name)
  if (!Object.keys(headers).some(isInner)) return headers
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isInner(name)))
}

function attributesOf({ method, query }: HttpRequest, path: string, user: UserInfo): Attributes {
  const { verb, group, version, resource, subresource, namespace, name, isResourceRequest } = parseRequestInfo(
    method,
    path,
    query,
  )
  return {
    cluster: ROOT_CLUSTER,
    user,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    path,
    isResourceRequest,
  }
}
