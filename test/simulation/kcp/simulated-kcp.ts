import { ask } from '../actors/ask.ts'
import { ApiServer, type Kcp, type Served } from '../server/api-server.ts'
import type { Place, StoredObject } from '../server/objects.ts'
import { Refused } from '../server/refused.ts'
import type { ApiRequest, ExportOf } from '../server/request.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { type Binding, type Export, exportID, KCP, type Reference } from './kcp-kinds.ts'

/** Objects that carry the path of the workspace that they are in (contract 2.2). */
const WITH_PATH = new Set<string>([KCP.exports, KCP.bindings, KCP.workspaceTypes])

/**
 * A kcp of one shard: one server with logical clusters, and the virtual workspaces of its exports. What makes workspaces ready and
 * bindings bound is in `KcpControllers`. It knows no rights: whatever is asked in its logical clusters is done.
 */
export class SimulatedKcp {
  readonly server: ApiServer
  /** The path of each logical cluster, by its name. */
  readonly #paths = new Map<string, string>()
  readonly #names = new Map<string, string>()
  /** The exports that each logical cluster is bound to, by the names of its bindings. */
  readonly #bound = new Map<string, Map<string, string>>()

  /** `served`: what the discovery of every virtual workspace tells; `aheadMs`: by how much its clock is ahead. */
  constructor(time: VirtualTime, served: readonly Served[], aheadMs = 0) {
    const kcp: Kcp = {
      nameOf: (cluster) => this.nameOf(cluster),
      annotationsOf: ({ cluster = '', resource }) => ({
        'kcp.io/cluster': cluster,
        ...(WITH_PATH.has(resource) ? { 'kcp.io/path': this.pathOf(cluster) } : {}),
      }),
      shows: (request, place, object) => this.#shows(request, place, object),
      refuse: (request) => this.#refuse(request),
    }
    this.server = new ApiServer('kcp', () => time.now + aheadMs, served, kcp)
    this.server.follow(({ place, type, entry: { object } }) => {
      if (place.resource === KCP.bindings) this.#note(place, type === 'DELETED' ? undefined : (object as Binding))
    })
  }

  /** Adds a logical cluster: nothing is in it, and nothing makes it. */
  add(name: string, path: string): void {
    this.#paths.set(name, path)
    this.#names.set(path, name)
  }

  nameOf(cluster: string): string {
    return this.#names.get(cluster) ?? cluster
  }

  pathOf(name: string): string {
    return this.#paths.get(name) ?? name
  }

  /** Which export is meant in a logical cluster. */
  referred({ path, name }: Reference, cluster: string): ExportOf {
    return { cluster: path === undefined || path === '' ? cluster : this.nameOf(path), name }
  }

  find<T extends StoredObject>(cluster: string, resource: string, name: string): T | undefined {
    return this.server.find({ cluster, resource, name }) as T | undefined
  }

  /** Somebody who may do all makes an object of a kcp's own. @throws {Error} if the server refuses that */
  make(cluster: string, resource: string, kind: string, name: string, content: object): void {
    const body = { apiVersion: `${resource.split('.').slice(1).join('.')}/v1`, kind, metadata: { name }, ...content }
    const { status, body: answer } = ask(this.server, 'POST', { cluster, resource, name }, body)
    if (status !== 201) throw new Error(JSON.stringify(answer))
  }

  /** The same for a change, as a merge patch. */
  change(cluster: string, resource: string, name: string, patch: object): void {
    ask(this.server, 'PATCH', { cluster, resource, name }, patch)
  }

  /** Logical clusters that are bound to an export. */
  boundTo(of: ExportOf): string[] {
    return [...this.#bound.keys()].filter((cluster) => this.#isBound(cluster, of))
  }

  #isBound(cluster: string | undefined, of: ExportOf): boolean {
    return [...(this.#bound.get(cluster ?? '')?.values() ?? [])].includes(exportID(of))
  }

  #note({ cluster = '', name }: Place, binding: Binding | undefined): void {
    const bound = this.#bound.get(cluster) ?? new Map<string, string>()
    this.#bound.set(cluster, bound)
    if (binding === undefined) bound.delete(name)
    else bound.set(name, exportID(this.referred(binding.spec.reference.export, cluster)))
  }

  /**
   * A virtual workspace has what is in the logical clusters that are bound to its export; of the bindings those to itself, and all there
   * where it claims them (contract 7.1, 7.2). That only what it exports or claims is served is not modelled.
   */
  #shows({ through }: ApiRequest, place: Place, object: StoredObject): boolean {
    if (through === undefined) return true
    const { cluster = '', resource } = place
    if (resource !== KCP.bindings) return this.#isBound(cluster, through)
    const isOwn = exportID(this.referred((object as Binding).spec.reference.export, cluster)) === exportID(through)
    return isOwn || (this.#claimsBindings(through) && this.#isBound(cluster, through))
  }

  #claimsBindings({ cluster, name }: ExportOf): boolean {
    const claims = this.find<Export>(cluster, KCP.exports, name)?.spec.permissionClaims ?? []
    return claims.some(({ group, resource }) => `${resource}.${group}` === KCP.bindings)
  }

  #refuse({ through, method, place, body, isDiscovery }: ApiRequest): void {
    const { cluster = '' } = place
    const isCollection = method === 'GET' && place.name === ''
    // Contract 1.10, 7.5, 7.9, 7.2 and 4.6, in this order.
    if (cluster === '*' && !isCollection && !isDiscovery)
      throw new Refused(405, 'MethodNotAllowed', `${method} is not supported in the \`*\` logical cluster`)
    if (through !== undefined && this.find(through.cluster, KCP.exports, through.name) === undefined)
      throw new Refused(404, 'NotFound', `no virtual workspace of ${exportID(through)}`)
    if (through !== undefined && cluster !== '*' && !isDiscovery && !this.#isBound(cluster, through))
      throw new Refused(403, 'Forbidden', 'could not find suitable APIBinding in target logical cluster')
    if (method !== 'POST' || place.resource !== KCP.bindings) return
    const { path = cluster, name } = (body as Binding).spec.reference.export
    if (this.find(this.nameOf(path), KCP.exports, name) === undefined)
      throw new Refused(
        403,
        'Forbidden',
        `unable to create APIBinding: no permission to bind to export ${path}:${name}`,
      )
  }
}
