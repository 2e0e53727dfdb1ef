import type { HttpRequest, HttpResponse } from '../../kube/http.ts'
import type { AdmissionPlugin } from '../../kube/requests/types.ts'
import type { UserInfo } from '../../kube/user.ts'
import type { BoundTypes } from '../apis/mod.ts'
import type { ShardServices } from '../services.ts'
import type { WorkspaceTypes } from '../workspaces/mod.ts'

/** What `createVirtualWorkspaces(options)` of kcp/virtual is given. */
export type VirtualWorkspaceOptions = {
  readonly services: ShardServices
  readonly bound: BoundTypes
  readonly types: WorkspaceTypes
  /** All admission of the shard, for API servers over other catalogs. */
  readonly admission: readonly AdmissionPlugin[]
  readonly serveInCluster: ServeInCluster
}

/** Answers requests below `/services/`; the user is authenticated, and the one that was impersonated. */
export type VirtualWorkspaces = {
  answer: (request: HttpRequest, user: UserInfo) => Promise<HttpResponse>
  /** Ends what follows the cache. */
  close: () => void
}

/** Runs a request in the shard itself as `user`, `path` being below `/clusters/<name>` (virtual workspaces of initializers and terminators). */
type ServeInCluster = (
  request: HttpRequest,
  target: { cluster: string; path: string; user: UserInfo },
) => Promise<HttpResponse>
