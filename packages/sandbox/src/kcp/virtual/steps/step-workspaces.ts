import { stringifyJson } from '@resource-broker/json'
import { MASTERS } from '../../../kube/authn/mod.ts'
import { forbidden } from '../../../kube/authz/mod.ts'
import { StatusError } from '../../../kube/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../kube/http.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { type ApiServer, parseRequestInfo } from '../../../kube/requests/mod.ts'
import type { RequestInfo } from '../../../kube/requests/types.ts'
import type { UserInfo } from '../../../kube/user.ts'
import { aboutObject } from '../../authz/mod.ts'
import { logicalClusterIn } from '../../clusters/mod.ts'
import { CORE, TENANCY, WILDCARD } from '../../names.ts'
import { plainText } from '../../plain-text.ts'
import type { StepUrl } from '../../virtual-urls.ts'
import { INITIALIZERS, type StepKind, TERMINATORS, type WorkspaceType, waitsForStep } from '../../workspaces/mod.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'
import { logicalClusterView, waitingFor } from './logical-cluster-view.ts'
import { asStep, creatorOf, typeAllows } from './permissions.ts'

type Asked = { kind: StepKind; url: StepUrl; request: HttpRequest; user: UserInfo; info: RequestInfo }

const KINDS = { initializing: INITIALIZERS, terminating: TERMINATORS }
const VERSION = 'v1alpha1'
const READ = ['get', 'list', 'watch']
const SEPARATOR = ':'
/** Before steps of kcp itself, which no WorkspaceType stands behind. */
const SYSTEM = `system${SEPARATOR}`
/** Where the virtual workspace of a terminator has no discovery of its own. */
const NO_DISCOVERY = ['/', '/healthz']

/** The virtual workspaces of all initializers and terminators, as one shard serves them (contract 8). */
export class StepWorkspaces {
  readonly #options: VirtualWorkspaceOptions
  /** By kind and name of the step. */
  readonly #views = new Map<string, ApiServer>()
  readonly #end: () => void

  constructor(options: VirtualWorkspaceOptions) {
    this.#options = options
    this.#end = options.services.cache.watch('workspacetypes.tenancy.kcp.io', ({ type, now }) => {
      if (type !== 'DELETED') return
      for (const kind of Object.values(KINDS)) this.#views.delete(keyOf(kind, `${now.cluster}${SEPARATOR}${now.name}`))
    })
  }

  close(): void {
    this.#end()
  }

  /** Throws StatusError. */
  async answer(url: StepUrl, request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
    const kind = KINDS[url.kind]
    const info = parseRequestInfo(request.method, url.path, request.query)
    const asked = { kind, url, request, user, info }
    this.#requireVerb(asked)
    const isAboutItself =
      info.isResourceRequest && info.group === CORE && info.version === VERSION && info.resource === 'logicalclusters'
    if (url.cluster === WILDCARD || isAboutItself || hasOwnDiscovery(asked)) return this.#logicalClusters(asked)
    return this.#content(asked)
  }

  /** Verb `initialize` or `terminate` on the type, where the type is (contract 8.4). */
  #requireVerb({ kind, url, user, info }: Asked): void {
    if (user.groups.includes(MASTERS)) return
    const [cluster, name] = split(url.step)
    const asked = aboutObject({ cluster, user, verb: kind.verb, group: TENANCY, resource: 'workspacetypes', name })
    const { allowed, reason } = this.#options.services.authorizer.authorize(asked)
    if (!allowed) throw forbidden({ ...asked, ...info, user, cluster: url.cluster }, reason)
  }

  #logicalClusters(asked: Asked): Promise<HttpResponse> {
    const { kind, url, request, user, info } = asked
    const { step, cluster, path } = url
    const restriction = waitingFor(kind, step)
    if (!info.isResourceRequest) return this.#discovery(asked)
    if (cluster === WILDCARD && !READ.includes(info.verb)) throw StatusError.methodNotAllowed(info, info.verb)
    if (cluster !== WILDCARD && !waitsForStep(kind, this.#logicalCluster(cluster), step)) {
      throw StatusError.notFound({ group: CORE, resource: 'logicalclusters' }, info.name)
    }
    return this.#viewOf(asked).handle({ cluster, user, info, http: { ...request, path }, restriction })
  }

  /** The same whatever group is named (contract 8.1). */
  #discovery(asked: Asked): Promise<HttpResponse> {
    const { url, request, user } = asked
    const own = url.path.replace(/^\/apis\/[^/]+/, `/apis/${CORE}`)
    const http = { ...request, path: own, headers: { ...request.headers, accept: 'application/json' } }
    const info = parseRequestInfo(request.method, own, request.query)
    return this.#viewOf(asked).handle({ cluster: url.cluster, user, info, http })
  }

  /** Anything else goes on into the logical cluster (contract 8.3). */
  async #content({ kind, url, request, user, info }: Asked): Promise<HttpResponse> {
    const { step, cluster, path } = url
    const who = `${kind.name} ${stringifyJson(step)}`
    const logicalCluster = this.#logicalCluster(cluster)
    if (logicalCluster === undefined || !waitsForStep(kind, logicalCluster, step)) {
      return plainText(403, `${who} cannot access this workspace`)
    }
    const type = this.#typeOf(step)
    if (type === undefined && !step.startsWith(SYSTEM)) {
      const why = 'WorkspaceType not found in local or cached indexer; refusing to fall back to owner impersonation'
      return plainText(503, `${who}: ${why}`)
    }
    const { serveInCluster } = this.#options
    if (type === undefined || kind.permissions(type).length === 0) {
      return serveInCluster(request, { cluster, path, user: creatorOf(logicalCluster) })
    }
    if (!typeAllows(kind, type, { ...info, cluster, user })) {
      return plainText(
        403,
        `${who} denied by ${kind.name}Permissions: no rule allows ${info.verb} on ${subjectOf(info)}`,
      )
    }
    return serveInCluster(request, { cluster, path, user: asStep(user, cluster, kind.groupPrefix + step) })
  }

  #viewOf({ kind, url: { step } }: Asked): ApiServer {
    const known = this.#views.get(keyOf(kind, step))
    if (known !== undefined) return known
    const view = logicalClusterView(this.#options, kind, step)
    this.#views.set(keyOf(kind, step), view)
    return view
  }

  /** Of a logical cluster on this shard. */
  #logicalCluster(cluster: string): KubeObject | undefined {
    const { cache, shard } = this.#options.services
    const found = logicalClusterIn(cache, cluster)
    return found?.shard === shard.name ? found.object : undefined
  }

  #typeOf(step: string): WorkspaceType | undefined {
    return this.#options.types.find(...split(step))
  }
}

/** In a logical cluster, terminators discover LogicalClusters alone, initializers what the logical cluster has. */
function hasOwnDiscovery({ kind, info, url }: Asked): boolean {
  return kind === TERMINATORS && !info.isResourceRequest && !NO_DISCOVERY.includes(url.path)
}

/** In the words of kcp. */
function subjectOf({ isResourceRequest, path, group, resource, subresource, name, namespace }: RequestInfo): string {
  if (!isResourceRequest) return path
  const what = `${group === '' ? 'core' : group}/${resource}${subresource === '' ? '' : `/${subresource}`}`
  return `${what}${name === '' ? '' : ` (${name})`}${namespace === '' ? '' : ` in namespace ${namespace}`}`
}

function keyOf({ name }: StepKind, step: string): string {
  return `${name} ${step}`
}

/** Logical cluster and name of the type that a step belongs to. */
function split(step: string): [cluster: string, name: string] {
  const at = step.lastIndexOf(SEPARATOR)
  return [step.slice(0, Math.max(at, 0)), step.slice(at + 1)]
}
