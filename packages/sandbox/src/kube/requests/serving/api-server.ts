import type { Store } from '../../../store/types.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { ControllerLog } from '../../controller-log.ts'
import type { HttpResponse } from '../../http.ts'
import type { DocumentedGroups } from '../../openapi/mod.ts'
import type { Catalog } from '../../resource.ts'
import type { UserInfo } from '../../user.ts'
import { ObjectReader } from '../object-reader.ts'
import type { ServerDeps } from '../scope.ts'
import type { AdmissionPlugin, ApiRequest, ApiServer, LocalClient } from '../types.ts'
import { EventEncoder } from '../watching/event-encoder.ts'
import { OpenWatches } from '../watching/open-watches.ts'
import type { WatchDeps } from '../watching/watch.ts'
import { attributesOf, authorize } from './authorization.ts'
import { InProcessClient } from './local-client.ts'
import { NonResourceRequests } from './non-resource.ts'
import { answerResourceRequest } from './resource-requests.ts'

export type ApiServerOptions = {
  store: Store
  catalog: Catalog
  authorizer: Authorizer
  /** Run in this order, all of `mutate` before all of `validate`. */
  admission: readonly AdmissionPlugin[]
  /** Key of the annotation that names an object's logical cluster. */
  clusterAnnotation: string
  now?: () => Date
  log?: ControllerLog
  /** Name in managedFields of what local clients write; by default `kube-apiserver`. */
  localManager?: string
  /** Which groups have an OpenAPI document about themselves; by default those that are built in. */
  documentedGroups?: DocumentedGroups
}

const SILENT: ControllerLog = { warn: () => {} }

/** A Kubernetes API server over a store and a catalog of types; logical clusters are opaque to it. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, catalog, authorizer, admission, clusterAnnotation, documentedGroups = 'built-in' } = options
  const { now = () => new Date(), log = SILENT, localManager = 'kube-apiserver' } = options
  const deps: ServerDeps = {
    ...{ store, catalog, authorizer, admission, clusterAnnotation, now, log, localManager },
    draw: (_, make) => make(),
    reader: new ObjectReader(store),
  }
  return new Server(deps, documentedGroups)
}

class Server implements ApiServer {
  private readonly deps: ServerDeps
  private readonly watches: WatchDeps
  private readonly nonResource: NonResourceRequests

  constructor(deps: ServerDeps, documentedGroups: DocumentedGroups) {
    this.deps = deps
    this.watches = { encoder: new EventEncoder(), open: new OpenWatches(deps.catalog) }
    this.nonResource = new NonResourceRequests(deps.catalog, documentedGroups)
  }

  async handle(request: ApiRequest): Promise<HttpResponse> {
    authorize(this.deps, attributesOf(request))
    if (!request.info.isResourceRequest) return this.nonResource.answer(request)
    return answerResourceRequest(this.deps, this.watches, request)
  }

  client(cluster: string, user: UserInfo): LocalClient {
    return new InProcessClient(this.deps, cluster, user)
  }
}
