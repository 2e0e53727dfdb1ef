import { MASTERS } from '../../kube/authn/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { HttpRequest, HttpResponse } from '../../kube/http.ts'
import { parseRequestInfo } from '../../kube/requests/mod.ts'
import type { RequestInfo } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import { logicalClusterIn } from '../clusters/mod.ts'
import { CORE, INACTIVE_ANNOTATION, WILDCARD } from '../names.ts'
import { plainText } from '../plain-text.ts'
import { asksForHome, homeWorkspace } from '../workspaces/mod.ts'
import { effectiveUser } from './impersonating.ts'
import { isMetadataEverywhere, metadataEverywhere } from './metadata-everywhere.ts'
import type { Metrics } from './metrics.ts'
import type { ShardRuntime } from './runtime.ts'

export type ClusterTarget = { cluster: string; path: string; user: UserInfo }

const OPEN_WHILE_INACTIVE = ['/openapi', '/apis/core.kcp.io/v1alpha1/logicalclusters']
/** In other phases there is still something to be done inside. */
const STOPPED_BY_MARK = ['Ready', 'Inactive']
const DEEP_REVIEW_HEADER = 'x-kcp-internal-deep-subjectaccessreview'
const METRICS = '/metrics'

/** Answers a request below `/clusters/<name>`; `path` is what stands behind. Throws StatusError. */
export async function answerInCluster(
  runtime: ShardRuntime,
  metrics: Metrics,
  request: HttpRequest,
  { cluster, path, user }: ClusterTarget,
): Promise<HttpResponse> {
  if (path === METRICS) return plainText(501, 'shard-level endpoint not available at workspace scope')
  const { services, server, deepServer, types } = runtime
  const info = parseRequestInfo(request.method, path, request.query)
  refuseInactive(runtime, cluster, path)
  if (cluster === WILDCARD) refuseWildcardWrite(info)
  if (info.identity === '') throw StatusError.internal(new Error('empty identity'))
  const who = effectiveUser(request, { cluster, user, authorizer: services.authorizer })
  if (asksForHome(cluster, info)) return homeWorkspace(services, types, who)
  const http = { ...request, path }
  const isDeep = request.headers[DEEP_REVIEW_HEADER] === 'true' && who.groups.includes(MASTERS)
  const inner = { cluster, user: who, info, http }
  const response = isMetadataEverywhere(runtime, inner)
    ? await metadataEverywhere(runtime, inner)
    : await (isDeep ? deepServer : server).handle(inner)
  // What is not answered may be of any name, which nobody would ever forget.
  if (info.verb === 'list' && response.status === 200) metrics.countList(info.group, info.resource)
  return response
}

/** Contract 4.3: what is marked so answers nothing but questions about itself. */
function refuseInactive({ services }: ShardRuntime, cluster: string, path: string): void {
  const found = logicalClusterIn(services.cache, cluster)?.object
  if (found?.metadata.annotations?.[INACTIVE_ANNOTATION] !== 'true') return
  const { phase = '' } = (found['status'] ?? {}) as { phase?: string }
  if (!STOPPED_BY_MARK.includes(phase)) return
  if (OPEN_WHILE_INACTIVE.some((prefix) => path.startsWith(prefix))) return
  const of = { group: CORE, resource: 'logicalclusters' }
  throw StatusError.forbidden(of, cluster, 'logical cluster is marked inactive')
}

/** Contract 1.10. */
function refuseWildcardWrite({ isResourceRequest, verb, group, resource }: RequestInfo): void {
  if (!isResourceRequest || verb === 'list' || verb === 'watch') return
  const { code, reason, message, details } = StatusError.methodNotAllowed({ group, resource }, verb)
  throw new StatusError(code, reason, `${message} in the \`*\` logical cluster`, details)
}
