import type { HttpResponse } from '../../../kube/http.ts'
import { type ApiServer, createApiServer } from '../../../kube/requests/mod.ts'
import type { RequestInfo } from '../../../kube/requests/types.ts'
import type { Catalog, Resource } from '../../../kube/resource.ts'
import type { ApiExport } from '../../apis/types.ts'
import { anonymized } from '../../authz/mod.ts'
import { CLUSTER_ANNOTATION } from '../../names.ts'
import { OpenStreams } from '../../streams.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'
import type { Acceptance, Acceptances } from './acceptances.ts'
import { ExportAuthorizer, type Subject } from './authorizer.ts'
import { claimSelectors } from './claim-selectors.ts'
import { type ServedType, servedTypes } from './served-types.ts'

/** The API server of one export's virtual workspace: the same types in every logical cluster (contract 7.7). */
export class ExportView implements Subject {
  readonly exportCluster: string
  readonly exportName: string
  readonly server: ApiServer
  readonly #options: VirtualWorkspaceOptions
  readonly #acceptances: Acceptances
  /** By the name of their type. */
  readonly #streams = new OpenStreams()
  readonly #catalog: Catalog
  #apiExport: ApiExport
  #types: readonly ServedType[] = []
  #byName: ReadonlyMap<string, ServedType> = new Map()
  #generation = 0

  constructor(options: VirtualWorkspaceOptions, acceptances: Acceptances, exportCluster: string, apiExport: ApiExport) {
    this.#options = options
    this.#acceptances = acceptances
    this.exportCluster = exportCluster
    this.exportName = apiExport.metadata.name ?? ''
    this.#apiExport = apiExport
    this.#catalog = {
      list: () => this.#types.map(({ resource }) => resource),
      find: (_cluster, group, resource, identity) => this.#find(group, resource, identity),
      generation: () => this.#generation,
    }
    const { services, admission } = options
    const { store, now, log } = services
    this.server = createApiServer({
      ...{ store, now, log, catalog: this.#catalog, clusterAnnotation: CLUSTER_ANNOTATION },
      authorizer: anonymized(new ExportAuthorizer(services, this)),
      admission: [claimSelectors(this), ...admission],
      documentedGroups: 'all',
    })
    this.follow(apiExport)
  }

  /** Serves what the export says now; watches of types that are others now end. */
  follow(apiExport: ApiExport): void {
    this.#apiExport = apiExport
    const types = servedTypes(this.#options.services, this.#options.bound, this.exportCluster, apiExport)
    if (!isSame(types, this.#types)) this.#generation++
    const current = new Set(types.map(({ resource }) => resource))
    for (const { resource } of this.#types) if (!current.has(resource)) this.#streams.cut(nameOf(resource))
    this.#types = types
    this.#byName = new Map(types.map((each) => [nameOf(each.resource), each]))
  }

  /** The same answer, which ends when the type that it is about changes or goes. */
  track(info: RequestInfo, response: HttpResponse): HttpResponse {
    return this.#streams.track(nameOf(info), response)
  }

  get isWatched(): boolean {
    return this.#streams.isOpen
  }

  /** Ends all watches. */
  close(): void {
    this.#streams.cutAll()
  }

  typeOf(group: string, resource: string): ServedType | undefined {
    return this.#byName.get(nameOf({ group, resource }))
  }

  claimedIdentity(group: string, resource: string): string | undefined {
    const claims = this.#apiExport.spec?.permissionClaims ?? []
    const claim = claims.find((each) => (each.group ?? '') === group && each.resource === resource)
    return claim && (claim.identityHash ?? '')
  }

  acceptanceIn(cluster: string): Acceptance | undefined {
    return this.#acceptances.find(cluster, this.exportCluster, this.#apiExport)
  }

  #find(group: string, resource: string, identity: string | undefined): Resource | undefined {
    const found = this.typeOf(group, resource)?.resource
    return identity === undefined || found?.identity === identity ? found : undefined
  }
}

function nameOf({ group, resource }: { group: string; resource: string }): string {
  return `${resource}.${group}`
}

function isSame(a: readonly ServedType[], b: readonly ServedType[]): boolean {
  return a.length === b.length && a.every(({ resource }, index) => resource === b[index]?.resource)
}
