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
import type { InitializerUrl } from '../../virtual-urls.ts'
import { type WorkspaceType, waitsFor } from '../../workspaces/mod.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'
import { logicalClusterView, waitingFor } from './logical-cluster-view.ts'
import { asInitializer, creatorOf, typeAllows } from './permissions.ts'

type Asked = { url: InitializerUrl; request: HttpRequest; user: UserInfo; info: RequestInfo }

const VERSION = 'v1alpha1'
const READ = ['get', 'list', 'watch']
const SEPARATOR = ':'

/** The virtual workspaces of all initializers, as one shard serves them (contract 8). */
export class InitializingWorkspaces {
  readonly #options: VirtualWorkspaceOptions
  /** By initializer. */
  readonly #views = new Map<string, ApiServer>()
  readonly #end: () => void

  constructor(options: VirtualWorkspaceOptions) {
    this.#options = options
    this.#end = options.services.cache.watch('workspacetypes.tenancy.kcp.io', ({ type, now }) => {
      if (type === 'DELETED') this.#views.delete(`${now.cluster}${SEPARATOR}${now.name}`)
    })
  }

  close(): void {
    this.#end()
  }

  /** Throws StatusError. */
  async answer(url: InitializerUrl, request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
    const info = parseRequestInfo(request.method, url.path, request.query)
    this.#requireInitialize({ url, request, user, info })
    const isAboutItself =
      info.isResourceRequest && info.group === CORE && info.version === VERSION && info.resource === 'logicalclusters'
    if (url.cluster === WILDCARD || isAboutItself) return this.#logicalClusters({ url, request, user, info })
    return this.#content({ url, request, user, info })
  }

  /** Verb `initialize` on the type, where the type is (contract 8.4). */
  #requireInitialize({ url, user, info }: Asked): void {
    if (user.groups.includes(MASTERS)) return
    const [cluster, name] = split(url.initializer)
    const asked = aboutObject({ cluster, user, verb: 'initialize', group: TENANCY, resource: 'workspacetypes', name })
    const { allowed, reason } = this.#options.services.authorizer.authorize(asked)
    if (!allowed) throw forbidden({ ...asked, ...info, user, cluster: url.cluster }, reason)
  }

  #logicalClusters({ url, request, user, info }: Asked): Promise<HttpResponse> {
    const { initializer, cluster, path } = url
    const restriction = waitingFor(initializer)
    if (!info.isResourceRequest) return this.#discovery(url, request, user)
    if (cluster === WILDCARD && !READ.includes(info.verb)) throw StatusError.methodNotAllowed(info, info.verb)
    if (cluster !== WILDCARD && !waitsFor(this.#logicalCluster(cluster), initializer)) {
      throw StatusError.notFound({ group: CORE, resource: 'logicalclusters' }, info.name)
    }
    return this.#viewOf(initializer).handle({ cluster, user, info, http: { ...request, path }, restriction })
  }

  /** The same whatever group is named (contract 8.1). */
  #discovery({ initializer, path }: InitializerUrl, request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
    const own = path.replace(/^\/apis\/[^/]+/, `/apis/${CORE}`)
    const http = { ...request, path: own, headers: { ...request.headers, accept: 'application/json' } }
    const info = parseRequestInfo(request.method, own, request.query)
    return this.#viewOf(initializer).handle({ cluster: WILDCARD, user, info, http })
  }

  /** Anything else goes on into the logical cluster (contract 8.3). */
  async #content({ url, request, user, info }: Asked): Promise<HttpResponse> {
    const { initializer, cluster, path } = url
    const refused = () => plainText(403, `initializer ${stringifyJson(initializer)} cannot access this workspace`)
    const logicalCluster = this.#logicalCluster(cluster)
    if (logicalCluster === undefined || !waitsFor(logicalCluster, initializer)) return refused()
    const type = this.#typeOf(initializer)
    if (type === undefined)
      return plainText(503, `workspace type of initializer ${stringifyJson(initializer)} is not there`)
    const { serveInCluster } = this.#options
    if (type.spec.initializerPermissions === undefined) {
      return serveInCluster(request, { cluster, path, user: creatorOf(logicalCluster) })
    }
    if (info.isResourceRequest && !typeAllows(type, { ...info, cluster, user })) return refused()
    return serveInCluster(request, { cluster, path, user: asInitializer(user, cluster, initializer) })
  }

  #viewOf(initializer: string): ApiServer {
    const known = this.#views.get(initializer)
    if (known !== undefined) return known
    const view = logicalClusterView(this.#options, initializer)
    this.#views.set(initializer, view)
    return view
  }

  /** Of a logical cluster on this shard. */
  #logicalCluster(cluster: string): KubeObject | undefined {
    const { cache, shard } = this.#options.services
    const found = logicalClusterIn(cache, cluster)
    return found?.shard === shard.name ? found.object : undefined
  }

  #typeOf(initializer: string): WorkspaceType | undefined {
    return this.#options.types.find(...split(initializer))
  }
}

/** Logical cluster and name of the type that an initializer belongs to. */
function split(initializer: string): [cluster: string, name: string] {
  const at = initializer.lastIndexOf(SEPARATOR)
  return [initializer.slice(0, Math.max(at, 0)), initializer.slice(at + 1)]
}
