import type { ControllerLog } from '../../kube/controller-log.ts'
import type { HttpHandler } from '../../kube/http.ts'
import type { SandboxChange } from '../../types.ts'

/** What the HTTP room serves: the shards and what is before them. */
export type Served = {
  readonly shards: readonly ServedShard[]
  /** Used where there is more than one shard; a single one serves both roles, as kcp's all-in-one. */
  readonly frontProxy: HttpHandler
  close: () => Promise<void>
}

export type ServedShard = {
  readonly name: string
  readonly handler: HttpHandler
  /** Resumes after `stop`, with what it held. */
  start: () => Promise<void>
  stop: () => Promise<void>
}

export type InstallationOptions = {
  shards: readonly { name: string; url: string; virtualWorkspaceUrl: string; dir?: string }[]
  /** Base of the URLs of workspaces: the front proxy, or the only shard. */
  externalUrl: string
  /** For what the shards share, such as the key of service account tokens. */
  dir?: string
  /** PEM of the CA of the serving certificates, for what runs in namespaces. */
  rootCa: string
  log: ControllerLog
  onChange?: (change: SandboxChange) => void
}
