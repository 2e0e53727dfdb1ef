import type { HttpRequest, HttpResponse } from '../http.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import type { Resource, Verb } from '../resource.ts'
import type { UserInfo } from '../user.ts'

/** What a path below `/clusters/<name>` asks for, as Kubernetes' RequestInfo. */
export type RequestInfo = {
  /** False for `/version`, `/openapi/v3`, discovery and the like. */
  isResourceRequest: boolean
  path: string
  verb: Verb | 'post' | 'put' | 'head' | 'options'
  group: string
  version: string
  /** Plural; empty for non-resource requests. */
  resource: string
  /** The part behind `resource:` in the path (contract 1.12); undefined without a colon. */
  identity?: string
  subresource: string
  namespace: string
  name: string
}

/** A request inside one logical cluster (or `*`), after authentication. */
export type ApiRequest = {
  /** Logical cluster name, or `*`. */
  cluster: string
  user: UserInfo
  info: RequestInfo
  http: HttpRequest
  /** Hides objects from every request but a create (virtual workspaces). */
  restriction?: Restriction
}

/** Objects outside of it do not exist for the request; one that leaves it is sent as DELETED in a watch. */
export type Restriction = { matches: (object: KubeObject) => boolean }

export type AdmissionRequest = {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  cluster: string
  user: UserInfo
  resource: Resource
  version: string
  subresource: string
  namespace: string
  name: string
  /** Of DELETE, undefined. May be changed by `mutate`. */
  object: KubeObject | undefined
  old: KubeObject | undefined
  dryRun: boolean
  /** CreateOptions, UpdateOptions or DeleteOptions, as the client sent them. */
  options: JsonObject
  /** Adds a Warning header to the answer. */
  warn: (text: string) => void
  /** Of a request of a client; what this process itself writes asks nobody. */
  ask: Ask | undefined
  /** `wanted` by a plugin: all of them get to change the object once more. */
  reinvocation: { wanted: boolean; isRunning: boolean }
}

/** What only somebody outside of this process knows. Questions of one `key` have one answer. */
export type Question<T> = { key: string; answer: () => Promise<T> }

/** Answers what is known; throws Unanswered while it is not, whereupon the whole write is tried again with the answers. */
export type Ask = <T>(questions: readonly Question<T>[]) => T[]

/**
 * An admission plugin; throws StatusError to refuse. Synchronous: it stands between the read and the write. Where it has to `ask`,
 * the write begins anew once there is an answer, so that nothing comes between the read and the write that counts.
 */
export interface AdmissionPlugin {
  readonly name: string
  /** Whether it might `ask` about writes of a type in a logical cluster. */
  asks?(about: Pick<AdmissionRequest, 'cluster' | 'resource'>): boolean
  mutate?(request: AdmissionRequest): void
  validate?(request: AdmissionRequest): void
}

/** The requests of controllers and of other rooms, without HTTP. Runs admission, not authorization, as the user it was made for. */
export interface LocalClient {
  readonly cluster: string
  /** undefined when there is none. The object is the caller's to change. */
  get(resource: Resource, namespace: string, name: string): KubeObject | undefined
  list(resource: Resource, namespace?: string): KubeObject[]
  create(resource: Resource, object: KubeObject): KubeObject
  /** Replaces; `object.metadata.resourceVersion` is checked when it is set. `subresource` is '' or 'status'. */
  update(resource: Resource, object: KubeObject, subresource?: string): KubeObject
  /** Reads, changes, writes in one synchronous step; nothing is written when nothing changed. undefined when there is none. */
  modify(
    resource: Resource,
    namespace: string,
    name: string,
    change: (object: KubeObject) => void,
    subresource?: string,
  ): KubeObject | undefined
  delete(resource: Resource, namespace: string, name: string, options?: DeleteOptions): void
}

export type DeleteOptions = {
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
}

/** Answers requests inside logical clusters; what the kcp room calls after it resolved the cluster. */
export interface ApiServer {
  handle(request: ApiRequest): Promise<HttpResponse>
  /** A client for `cluster` that acts as `user`. */
  client(cluster: string, user: UserInfo): LocalClient
}
