import { MASTERS } from '../../../kube/authn/mod.ts'
import { forbidden } from '../../../kube/authz/mod.ts'
import type { HttpRequest, HttpResponse } from '../../../kube/http.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { type ApiServer, createApiServer, encodeObject, parseRequestInfo } from '../../../kube/requests/mod.ts'
import type { Catalog, Resource } from '../../../kube/resource.ts'
import type { UserInfo } from '../../../kube/user.ts'
import { openStore } from '../../../store/mod.ts'
import { apiResourceSchemas } from '../../apis/system-types/mod.ts'
import type { ApiExport } from '../../apis/types.ts'
import { aboutObject } from '../../authz/mod.ts'
import { APIS, CLUSTER_ANNOTATION } from '../../names.ts'
import type { SchemasUrl } from '../../virtual-urls.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'

const READ = ['get', 'list', 'watch']

const readable: Resource = {
  ...apiResourceSchemas,
  verbs: ['get', 'list', 'watch'],
}
const catalog: Catalog = {
  list: () => [readable],
  find: (_cluster, group, resource) =>
    group === readable.group && resource === readable.resource ? readable : undefined,
  generation: () => 0,
}

/** The virtual workspaces that show to a consumer's readers the APIResourceSchemas of the exports it has bound (contract 1.13). */
export class SchemaWorkspaces {
  readonly #options: VirtualWorkspaceOptions

  constructor(options: VirtualWorkspaceOptions) {
    this.#options = options
  }

  /** undefined where nothing is bound, or the consumer is not on this shard. Throws StatusError. */
  async answer(url: SchemasUrl, request: HttpRequest, user: UserInfo): Promise<HttpResponse | undefined> {
    const { consumer, path } = url
    const { directory, shard } = this.#options.services
    if (directory.shardOf(consumer) !== shard.name) return undefined
    const info = parseRequestInfo(request.method, path, request.query)
    this.#requireReader({ ...aboutObject({ cluster: consumer, user, ...info }), ...info })
    const schemas = this.#schemasOf(consumer)
    if (schemas.length === 0) return undefined
    const server = await this.#serverOf(consumer, schemas)
    const answer = await server.handle({ cluster: consumer, user, info, http: { ...request, path } })
    // As kcp's, whose watch of them tells nothing and ends.
    return 'stream' in answer ? { ...answer, stream: (sink) => sink.end() } : answer
  }

  /** Whoever may read the bindings of the consumer may read what they bind. */
  #requireReader(asked: ReturnType<typeof aboutObject>): void {
    const { user, cluster, verb } = asked
    if (!READ.includes(verb)) throw forbidden(asked, 'only read-only access is allowed to apiresourceschemas')
    if (user.groups.includes(MASTERS)) return
    const bindings = { group: APIS, version: 'v1alpha2', resource: 'apibindings', name: '' }
    const { allowed, reason } = this.#options.services.authorizer.authorize(
      aboutObject({ cluster, user, verb: 'get', ...bindings }),
    )
    if (allowed) return
    const decision = `consumer cluster: "${cluster}" RBAC decision: ${reason}`
    throw forbidden(asked, `${decision} - user needs permission to read apibindings`)
  }

  /** Those that the bound exports name now, one of each name. */
  #schemasOf(consumer: string): KubeObject[] {
    const { services, bound } = this.#options
    const found = new Map<string, KubeObject>()
    for (const { exportCluster, exportName } of bound.in(consumer)) {
      const apiExport = services.cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object
      for (const { schema } of (apiExport as ApiExport | undefined)?.spec?.resources ?? []) {
        const object = services.cache.get('apiresourceschemas.apis.kcp.io', exportCluster, schema)?.object
        if (object !== undefined) found.set(schema, object)
      }
    }
    return [...found.values()]
  }

  /** They are of any logical cluster and shard, and few: they are served from a store of their own. */
  async #serverOf(cluster: string, schemas: readonly KubeObject[]): Promise<ApiServer> {
    const store = await openStore()
    for (const schema of schemas) {
      const key = { resource: readable.storage, cluster, namespace: '', name: schema.metadata.name ?? '' }
      store.create(key, () => encodeObject(schema))
    }
    const { now, log } = this.#options.services
    return createApiServer({
      ...{ store, now, log, catalog, admission: [], clusterAnnotation: CLUSTER_ANNOTATION },
      // Who may come here was asked before.
      authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
    })
  }
}
