import { StatusError } from '../../../kube/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../kube/http.ts'
import { parseRequestInfo } from '../../../kube/requests/mod.ts'
import type { RequestInfo } from '../../../kube/requests/types.ts'
import type { UserInfo } from '../../../kube/user.ts'
import type { ApiExport } from '../../apis/types.ts'
import { WILDCARD } from '../../names.ts'
import type { ExportUrl } from '../../virtual-urls.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'
import { warranted } from '../warrant.ts'
import { Acceptances } from './acceptances.ts'
import { ExportView } from './export-view.ts'

/** Documents of a logical cluster that a virtual workspace has not (contract 7.8). */
const NOT_SERVED = '/openapi/v2'
const READ = ['list', 'watch']

/** The virtual workspaces of all exports, as one shard serves them (contract 7). */
export class ExportWorkspaces {
  readonly #options: VirtualWorkspaceOptions
  readonly #acceptances: Acceptances
  /** By cluster and name of the export. */
  readonly #views = new Map<string, { view: ExportView; isCurrent: boolean }>()
  readonly #ends: (() => void)[]

  constructor(options: VirtualWorkspaceOptions) {
    this.#options = options
    const { services, bound } = options
    this.#acceptances = new Acceptances(services.store, bound)
    this.#ends = [
      services.cache.watch('apiexports.apis.kcp.io', ({ type, now }) => {
        if (type === 'DELETED') this.#close(keyOf(now.cluster, now.name))
        // Others may claim its types.
        this.#follow()
      }),
      services.cache.watch('apiresourceschemas.apis.kcp.io', () => this.#follow()),
    ]
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  /** undefined where there is no such virtual workspace. Throws StatusError. */
  async answer(url: ExportUrl, request: HttpRequest, user: UserInfo): Promise<HttpResponse | undefined> {
    const { directory, shard } = this.#options.services
    const { cluster, path } = url
    const view = this.#viewOf(url)
    const isHere = cluster === WILDCARD || directory.shardOf(cluster) === shard.name
    if (view === undefined || !isHere || path === NOT_SERVED) return undefined
    const info = parseRequestInfo(request.method, path, request.query)
    if (cluster === WILDCARD) checkWildcard(info)
    const http = { ...request, path }
    if (!info.isResourceRequest) return view.server.handle({ cluster: WILDCARD, user, info, http: plain(http) })
    const restriction = view.typeOf(info.group, info.resource)?.restriction
    const who = cluster === WILDCARD ? user : warranted(user, cluster)
    const asked = { cluster, user: who, info, http, ...(restriction !== undefined && { restriction }) }
    return view.track(info, await view.server.handle(asked))
  }

  /** All views may have changed. Those with open watches are looked at now, so that these end; the others when they are asked. */
  #follow(): void {
    for (const [key, each] of this.#views) {
      each.isCurrent = false
      if (!each.view.isWatched) continue
      const apiExport = this.#exportOf(each.view)
      if (apiExport === undefined) this.#close(key)
      else each.view.follow(apiExport)
    }
  }

  #close(key: string): void {
    this.#views.get(key)?.view.close()
    this.#views.delete(key)
  }

  /** undefined while it has no identity. */
  #exportOf({ exportCluster, exportName }: { exportCluster: string; exportName: string }): ApiExport | undefined {
    const { cache } = this.#options.services
    const apiExport = cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object as ApiExport | undefined
    return apiExport?.status?.identityHash === undefined ? undefined : apiExport
  }

  #viewOf({ exportCluster, exportName }: ExportUrl): ExportView | undefined {
    const key = keyOf(exportCluster, exportName)
    const apiExport = this.#exportOf({ exportCluster, exportName })
    if (apiExport === undefined) return undefined
    const known = this.#views.get(key)
    if (known?.isCurrent === true) return known.view
    known?.view.follow(apiExport)
    const view = known?.view ?? new ExportView(this.#options, this.#acceptances, exportCluster, apiExport)
    this.#views.set(key, { view, isCurrent: true })
    return view
  }
}

function keyOf(exportCluster: string, exportName: string): string {
  return `${exportCluster}|${exportName}`
}

/** Contract 7.5. */
function checkWildcard({ isResourceRequest, verb, namespace, group, resource }: RequestInfo): void {
  if (!isResourceRequest) return
  if (!READ.includes(verb)) throw StatusError.methodNotAllowed({ group, resource }, verb)
  if (namespace === '') return
  throw StatusError.badRequest('cross-cluster LIST and WATCH are required to be cross-namespace')
}

/** Discovery is answered as ever, not aggregated (contract 7.7). */
function plain(request: HttpRequest): HttpRequest {
  return { ...request, headers: { ...request.headers, accept: 'application/json' } }
}
