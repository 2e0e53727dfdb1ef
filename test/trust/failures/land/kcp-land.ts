import { kcpLayout } from '@resource-broker/api'
import type { Logger } from '../../../../packages/service/src/logger.ts'
import { openSimulatedKcp } from '../../../simulation/broker/open-simulated-kcp.ts'
import type { Connected } from '../../../simulation/broker/replica.ts'
import { BucketStore } from '../../../simulation/bus/simulated-bucket.ts'
import { KcpControllers } from '../../../simulation/kcp/kcp-controllers.ts'
import { type Claim, KCP } from '../../../simulation/kcp/kcp-kinds.ts'
import { SimulatedKcp } from '../../../simulation/kcp/simulated-kcp.ts'
import type { ApiServer } from '../../../simulation/server/api-server.ts'
import type { Place } from '../../../simulation/server/objects.ts'
import type { ApiRequest, Sent } from '../../../simulation/server/request.ts'
import type { WireOptions } from '../../../simulation/server/wire.ts'
import type { Process } from '../../../simulation/world/process.ts'
import type { VirtualTime } from '../../../simulation/world/virtual-time.ts'
import { KCP_SERVICES, type ServiceName } from '../../../support/broker.ts'
import { type AskedBy, type At, askedOf } from '../asked.ts'
import type { Land } from './land.ts'
import { GVR, SERVED, THINGS } from './things.ts'

const { platformWorkspace, coordinationWorkspace, acceptAPIExport, acceptAPISlice, stagingExport } = kcpLayout
/** Logical clusters that are there from the beginning, by what they are called here: as bootstrap and the broker's people make them. */
const PATHS = {
  exports: platformWorkspace,
  coordination: coordinationWorkspace,
  staging: `${coordinationWorkspace}:staging`,
  verification: `${coordinationWorkspace}:verification`,
  acme: 'root:consumers:acme',
  alpha: 'root:providers:alpha',
}
type Known = keyof typeof PATHS
const CLAIMED: Claim[] = ['secrets', 'configmaps', 'events'].map((resource) => ({ resource, verbs: ['*'] }))
const BINDINGS: Claim[] = [{ group: 'apis.kcp.io', resource: 'apibindings', verbs: ['*'] }]

/** A kcp with the platform's workspaces, a consumer, and the provider `alpha`, whose exports `things` and `more` both serve what is wanted. */
export class KcpLand implements Land {
  readonly services: readonly ServiceName[] = KCP_SERVICES
  readonly providers = ['alpha']
  readonly offerSpec = { apiExportName: 'things' }
  readonly #kcp: SimulatedKcp
  readonly #endpoints: BucketStore

  /** `aheadMs`: by how much the kcp's clock is ahead. */
  constructor(time: VirtualTime, aheadMs = 0) {
    this.#endpoints = new BucketStore(time, () => 1)
    this.#kcp = new SimulatedKcp(time, SERVED, aheadMs)
    for (const [name, path] of Object.entries(PATHS)) this.#kcp.add(name, path)
    new KcpControllers(this.#kcp, time)
    this.#furnishPlatform()
    this.#bind('acme', platformWorkspace, THINGS)
    this.#bind('alpha', platformWorkspace, acceptAPIExport)
    for (const name of ['things', 'more']) this.#export('alpha', name, [GVR.resource], [])
  }

  get servers(): ApiServer[] {
    return [this.#kcp.server]
  }

  at(name: string, place: Place): { server: ApiServer; place: Place } {
    return { server: this.#kcp.server, place: { ...place, cluster: name === 'platform' ? 'coordination' : name } }
  }

  holdsCopies(_server: ApiServer, { cluster = '' }: Place): boolean {
    return !Object.keys(PATHS).includes(cluster)
  }

  askedOf(server: ApiServer, request: Sent): Omit<AskedBy, 'by'> {
    const read = server.read(request)
    return askedOf(ownerOf(read), read)
  }

  async open(process: Process, wire: Omit<WireOptions, 'server'>, logger: Logger): Promise<Connected> {
    const around = { server: this.#kcp.server, wire, endpoints: this.#endpoints, logger }
    return { clusters: await openSimulatedKcp(process, around) }
  }

  /** Another resource is exported. */
  exportMore(cluster: 'exports' | 'alpha', name: string, resource: string): void {
    this.#schema(cluster, resource)
    const more = [GVR.resource, resource].map((each) => exported(each))
    this.#kcp.change(cluster, KCP.exports, name, { spec: { resources: more } })
  }

  #furnishPlatform(): void {
    this.#export('exports', THINGS, [GVR.resource], CLAIMED)
    this.#export('exports', acceptAPIExport, [], [])
    this.#export('staging', stagingExport, [], BINDINGS)
    this.#slice('coordination', THINGS, platformWorkspace, THINGS)
    this.#slice('coordination', acceptAPISlice, platformWorkspace, acceptAPIExport)
    this.#slice('staging', stagingExport, PATHS.staging, stagingExport)
    const spec = { defaultAPIBindings: [{ path: PATHS.staging, export: stagingExport }] }
    this.#kcp.make('staging', KCP.workspaceTypes, 'WorkspaceType', kcpLayout.stagingWorkspaceType, { spec })
  }

  #export(cluster: Known, name: string, resources: string[], permissionClaims: Claim[]): void {
    for (const resource of resources) this.#schema(cluster, resource)
    const spec = { resources: resources.map(exported), permissionClaims }
    this.#kcp.make(cluster, KCP.exports, 'APIExport', name, { spec })
  }

  /** A schema that several exports have is made once. */
  #schema(cluster: Known, resource: string): void {
    const name = schemaOf(resource)
    if (this.#kcp.find(cluster, KCP.schemas, name) !== undefined) return
    const versions = [{ name: GVR.version, served: true, storage: true }]
    const names = { plural: resource, kind: resource === GVR.resource ? 'Thing' : 'Other' }
    const spec = { group: GVR.group, names, scope: 'Namespaced', versions }
    this.#kcp.make(cluster, KCP.schemas, 'APIResourceSchema', name, { spec })
  }

  #bind(cluster: Known, path: string, name: string): void {
    const spec = { reference: { export: { path, name } }, permissionClaims: [] }
    this.#kcp.make(cluster, KCP.bindings, 'APIBinding', name, { spec })
  }

  #slice(cluster: Known, name: string, path: string, of: string): void {
    this.#kcp.make(cluster, KCP.slices, 'APIExportEndpointSlice', name, { spec: { export: { path, name: of } } })
  }
}

const schemaOf = (resource: string): string => `v1.${resource}.${GVR.group}`
const exported = (name: string) => ({ name, group: GVR.group, schema: schemaOf(name), storage: { crd: {} } })

/** Whose logical clusters a request is for: what is in those that the broker made for copies is at the provider, but for the bindings there. */
function ownerOf({ through }: ApiRequest): At {
  if (through === undefined) return 'platform'
  if (through.cluster === 'exports') return through.name === THINGS ? 'consumer' : 'provider'
  return through.name === stagingExport ? 'workspaces of the broker' : 'provider'
}
