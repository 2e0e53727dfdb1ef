import type { ContextName } from './http/context-name.ts'
import type { ControllerLog } from './kube/controller-log.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './kube/http.ts'
import type { KubeObject } from './kube/objects.ts'

export type SandboxOptions = {
  /** 1 by default. With more there is a front proxy before them. */
  shards?: number
  /** Where the state is kept; in memory without it. */
  dir?: string
  /** Address to listen on, the loopback address by default. */
  host?: string
  /** Under which clients on other machines reach it: URLs in objects and kubeconfigs name it, and the certificate holds for it. `host` by default. */
  externalHost?: string
  /** Of the front proxy, or of the only shard; the ports of shards follow. Without it free ones are taken, with `dir` always the same. */
  port?: number
  /** Standard error by default. */
  log?: ControllerLog
  /** Told of every change when it is made, by whomever: in one order over all shards, so that what is known of the others is never late. */
  onChange?: (change: SandboxChange) => void
  /** Stands before every request, for tests of clients: has it answered, before, after or instead of what it does itself. */
  intercept?: Intercept
}

/** One request of a client; `answer` has the sandbox answer it. What is thrown after the answer has begun drops the connection. */
export type Intercept = (request: HttpRequest, answer: HttpHandler) => Promise<HttpResponse>

/** One change of one object. */
export type SandboxChange = {
  shard: string
  cluster: string
  group: string
  resource: string
  /** As it is now; undefined: it is gone. Parsed when it is asked for, in the version that it is stored in. */
  readonly object: KubeObject | undefined
  /** As it was; undefined: it is new. */
  readonly previous: KubeObject | undefined
}

/** One shard, which can be away for a while as if its machine were. */
export type SandboxShard = {
  readonly name: string
  readonly url: string
  /** Base of the URLs of its virtual workspaces. */
  readonly virtualWorkspaceUrl: string
  /** Drops its connections and stops its controllers. */
  stop: () => Promise<void>
  /** Serves again what it held, at the same URL. */
  start: () => Promise<void>
}

export type WorkspaceOptions = {
  /** `test-` and chance without it. */
  name?: string
  /** Path of the workspace that it is in; `root` by default. */
  parent?: string
  /** Path and name of its type; `root:universal` by default. */
  type?: string
}

/** A workspace that is ready: a Kubernetes API of its own, such as for one test. */
export type SandboxWorkspace = {
  readonly name: string
  /** Such as `root:test-1f2e3d4c`. */
  readonly path: string
  /** Name of its logical cluster. */
  readonly cluster: string
  /** Of its API: `<url>/api/v1/…`. */
  readonly url: string
  /** A kubeconfig of kcp-admin whose only context is the workspace, as text. */
  kubeconfig: () => string
  /** Resolves when it is gone with all that was in it. */
  delete: () => Promise<void>
}

/** A control plane that is being served. */
export type Sandbox = {
  /** Of the front proxy, or of the only shard. */
  readonly url: string
  readonly shards: readonly SandboxShard[]
  /** PEM of the CA that signed the serving certificates. */
  readonly ca: string
  /** A bearer token of group system:masters, which front proxies drop. */
  readonly adminToken: string
  /** admin.kubeconfig as text, with this context as the current one; `root` by default. */
  kubeconfig: (context?: ContextName) => string
  /** Creates a workspace; resolves when it is ready. Rejects where it is refused. */
  createWorkspace: (options?: WorkspaceOptions) => Promise<SandboxWorkspace>
  /** Writes admin.kubeconfig, and the client CA beside it; answers its path. */
  writeKubeconfig: (dir: string) => Promise<string>
  close: () => Promise<void>
}
