import { MASTERS } from '../../kube/authn/mod.ts'
import { forbidden } from '../../kube/authz/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../../kube/http.ts'
import { parseOwnJson } from '../../kube/json.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { parseRequestInfo } from '../../kube/requests/mod.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import { type Entry, openStore, type Store, type StoreEvent } from '../../store/mod.ts'
import { aboutPath, homeClusters } from '../authz/mod.ts'
import { findClusterUrl, isClusterName, isClusterPath, LOGICAL_CLUSTERS, splitClusterUrl } from '../clusters/mod.ts'
import { INACTIVE_ANNOTATION, ROOT_CLUSTER, TENANCY, WILDCARD } from '../names.ts'
import { plainText } from '../plain-text.ts'
import type { ShardInfo, ShardServices } from '../services.ts'
import { OpenStreams } from '../streams.ts'
import { createVirtualWorkspaces } from '../virtual/mod.ts'
import type { VirtualWorkspaces } from '../virtual/types.ts'
import { SERVICES } from '../virtual-urls.ts'
import { changeOf } from './change.ts'
import { answerInCluster, type ClusterTarget } from './cluster-requests.ts'
import { effectiveServiceUser, withoutImpersonation } from './impersonating.ts'
import { Metrics } from './metrics.ts'
import { ShardRuntime, SYSTEM_USER } from './runtime.ts'
import type { Shared } from './shared.ts'

const METRICS = '/metrics'
const OPEN_PATHS = /^\/(healthz|livez|readyz|version)(\/|$)/

type Running = { store: Store; runtime: ShardRuntime; virtual: VirtualWorkspaces; unwatch: () => void }

/** One server with its own objects and its own revisions. It can be away for a while; then it has what it had. */
export class Shard {
  readonly name: string
  readonly info: ShardInfo
  readonly #dir: string | undefined
  readonly #shared: Shared
  readonly #streams = new OpenStreams()
  readonly #metrics = new Metrics()
  #store: Store | undefined
  #running: Running | undefined

  /** `store` is taken over, opened by `openStore({ dir })`. */
  constructor(info: ShardInfo, { store, dir }: { store: Store; dir?: string }, shared: Shared) {
    this.name = info.name
    this.info = info
    this.#store = store
    this.#dir = dir
    this.#shared = shared
  }

  /** Throws StatusError 503 while the shard is stopped. */
  get services(): ShardServices {
    return this.#up().runtime.services
  }

  /** Acts as system:masters. Throws StatusError 503 while the shard is stopped. */
  client(cluster: string): LocalClient {
    return this.#up().runtime.server.client(cluster, SYSTEM_USER)
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Makes all that runs over the store; `startControllers` sets it to work. */
  async open(): Promise<void> {
    if (this.#running !== undefined) return
    this.#store ??= await openStore(this.#dir === undefined ? {} : { dir: this.#dir })
    const store = this.#store
    const runtime = new ShardRuntime(this.info, store, this.#shared)
    const virtual = createVirtualWorkspaces({
      ...{ services: runtime.services, bound: runtime.bound, types: runtime.types },
      admission: runtime.admission,
      serveInCluster: (request, target) => this.#inCluster(withoutImpersonation(request), target),
    })
    const ends = [
      store.watch({ resource: LOGICAL_CLUSTERS }, store.revision, (event) => {
        const { cluster } = event.entry.key
        if (event.type === 'DELETED') this.#streams.cut(cluster)
        else if (becomesInactive(event)) for (const each of [cluster, WILDCARD]) this.#streams.cut(each)
      }),
      ...this.#tellChanges(store),
    ]
    this.#running = { store, runtime, virtual, unwatch: () => ends.forEach((end) => void end()) }
  }

  #tellChanges(store: Store): (() => void)[] {
    const { onChange } = this.#shared
    return onChange === undefined ? [] : [store.watchAll((event) => onChange(changeOf(this.name, event)))]
  }

  startControllers(): void {
    this.#up().runtime.start()
  }

  /** Serves again what it held. */
  async start(): Promise<void> {
    await this.open()
    this.startControllers()
  }

  /** Ends open answers and controllers. Without a directory the objects stay in memory. */
  async stop(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    this.#streams.cutAll()
    running.unwatch()
    running.virtual.close()
    await running.runtime.stop()
    if (this.#dir === undefined) return
    await running.store.close()
    this.#store = undefined
  }

  /** Stops, and lets go of what is in memory. */
  async close(): Promise<void> {
    await this.stop()
    await this.#store?.close()
    this.#store = undefined
  }

  readonly handler: HttpHandler = async (request) =>
    this.serve(request, this.#shared.authenticator.authenticate(request.credentials))

  /** Answers a request of a user who is known already, as those that come through the front proxy. Throws StatusError. */
  async serve(request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
    const { virtual, runtime } = this.#up()
    const { path } = request
    if (path === SERVICES || path.startsWith(`${SERVICES}/`)) {
      const who = effectiveServiceUser(request, user, runtime.services.authorizer)
      return this.#streams.track(clusterOf(path), await virtual.answer(withoutImpersonation(request), who))
    }
    const url = splitClusterUrl(path)
    if (url === undefined) return this.#atTopLevel(request, user)
    const cluster = this.#locate(url.cluster, user)
    return typeof cluster === 'string' ? this.#inCluster(request, { cluster, path: url.path, user }) : cluster
  }

  async #inCluster(request: HttpRequest, target: ClusterTarget): Promise<HttpResponse> {
    const { runtime } = this.#up()
    const response = await answerInCluster(runtime, this.#metrics, request, target)
    return this.#streams.track(target.cluster, response)
  }

  /** The name of a logical cluster by what stands in a URL, or why there is none (contract 1.8, 1.9). */
  #locate(path: string, user: UserInfo): string | HttpResponse {
    if (path === WILDCARD) return path
    if (!isClusterPath(path)) throw StatusError.badRequest(`invalid cluster: "${path}" does not match the regex`)
    const { directory } = this.#shared
    if (isClusterName(path)) {
      const shard = directory.shardOf(path)
      const isElsewhere = shard !== undefined && shard !== this.info.name
      if (isElsewhere && !user.groups.includes(MASTERS)) {
        throw new StatusError(403, 'Forbidden', 'forbidden: LogicalCluster not found', {})
      }
      return path
    }
    const found = directory.resolve(path)
    if (found === undefined) throw StatusError.notFound({ group: TENANCY, resource: 'workspaces' }, path)
    if (found.shard !== this.info.name) return plainText(429, 'Not found on this shard', { 'retry-after': '1' })
    return found.cluster
  }

  /** Paths without a logical cluster (contract 1.7); a service account without one is meant in its own (contract 12.10). */
  async #atTopLevel(request: HttpRequest, user: UserInfo): Promise<HttpResponse> {
    const { path, method, query } = request
    const { runtime } = this.#up()
    const { server, services } = runtime
    if (OPEN_PATHS.test(path)) {
      const info = parseRequestInfo(method, path, query)
      return server.handle({ cluster: ROOT_CLUSTER, user: SYSTEM_USER, info, http: request })
    }
    const attributes = aboutPath({ cluster: ROOT_CLUSTER, user, verb: method.toLowerCase(), path })
    if (path === METRICS) {
      const { allowed, reason } = services.rbac.authorize(attributes)
      if (!allowed) throw forbidden(attributes, reason)
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: this.#metrics.text() }
    }
    const home = homeClusters(user)?.[0]
    if (home !== undefined) return this.#inCluster(request, { cluster: home, path, user })
    if (!user.groups.includes(MASTERS)) throw forbidden(attributes, '')
    return plainText(404, '404 page not found')
  }

  #up(): Running {
    if (this.#running !== undefined) return this.#running
    throw StatusError.unavailable(`shard ${this.info.name} is not running`)
  }
}

/** Nobody may go on reading in such a logical cluster, through the wildcard neither. */
function becomesInactive({ entry, previous }: StoreEvent): boolean {
  return isInactive(entry) && (previous === undefined || !isInactive(previous))
}

function isInactive({ bytes }: Entry): boolean {
  if (!bytes.includes(INACTIVE_ANNOTATION)) return false
  return parseOwnJson<KubeObject>(bytes).metadata.annotations?.[INACTIVE_ANNOTATION] === 'true'
}

/** The logical cluster of a virtual workspace's URL; all, where none is named. */
function clusterOf(path: string): string {
  return findClusterUrl(path)?.cluster ?? WILDCARD
}
