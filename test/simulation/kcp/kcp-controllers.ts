import { ask } from '../actors/ask.ts'
import type { Change } from '../server/api-server.ts'
import type { Place, StoredObject } from '../server/objects.ts'
import type { ExportOf } from '../server/request.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { type Binding, type Export, exportID, KCP, type Reference } from './kcp-kinds.ts'
import type { SimulatedKcp } from './simulated-kcp.ts'

type Workspace = StoredObject & { spec: { type?: { name: string; path: string }; cluster?: string } }
type WorkspaceType = StoredObject & { spec: { defaultAPIBindings?: { path: string; export: string }[] } }
type Slice = StoredObject & { spec: { export: Reference } }

/** How long a controller takes for a step, in milliseconds. */
const STEP_MS = 1
/** Keeps a Workspace until its logical cluster is gone (contract 4.1). */
const FINALIZER = 'core.kcp.io/logicalcluster'
/** Where the shard's virtual workspaces are (contract 1.13). */
const VIRTUAL = 'https://kcp.test'
/** What a binding says once all is well (contract 5.4, 6). */
const WELL = [
  'Ready',
  'APIExportValid',
  'InitialBindingCompleted',
  'BindingUpToDate',
  'PermissionClaimsValid',
  'PermissionClaimsApplied',
]

/**
 * What a kcp does by itself, as far as the broker waits for it: a Workspace gets its logical cluster with the bindings of its type and
 * becomes Ready (contract 5.1), one that is deleted goes with its bindings (5.2), an APIExport gets its identity (5.3), an APIBinding
 * becomes Bound (5.4), and an APIExportEndpointSlice has an endpoint while somebody is bound to its export (4.7).
 */
export class KcpControllers {
  readonly #kcp: SimulatedKcp
  readonly #time: VirtualTime
  #made = 0

  constructor(kcp: SimulatedKcp, time: VirtualTime) {
    this.#kcp = kcp
    this.#time = time
    kcp.server.follow((change) => this.#heed(change))
  }

  #heed({ place, type, entry, before }: Change): void {
    const { resource } = place
    const isNew = type === 'ADDED'
    const isLeaving = entry.object.metadata.deletionTimestamp !== undefined
    const isChanged = entry.object.metadata.generation !== before?.object.metadata.generation
    if (resource === KCP.workspaces && isNew) this.#soon(() => this.#schedule(place))
    if (resource === KCP.workspaces && type === 'MODIFIED' && isLeaving) this.#soon(() => this.#remove(place))
    if (resource === KCP.exports && type !== 'DELETED' && isChanged) this.#soon(() => this.#serve(place))
    if (resource === KCP.bindings && type !== 'DELETED' && isChanged) this.#soon(() => this.#bind(place))
    if ((resource === KCP.bindings && type !== 'MODIFIED') || (resource === KCP.slices && isNew))
      this.#soon(() => this.#endpoints())
  }

  #soon(act: () => void, steps = 1): void {
    this.#time.after(steps * STEP_MS, act)
  }

  #patch(place: Place, body: object, subresource?: string): void {
    if (this.#kcp.server.find(place) !== undefined) ask(this.#kcp.server, 'PATCH', place, body, subresource)
  }

  #schedule(place: Place): void {
    const cluster = `workspace${++this.#made}`
    this.#kcp.add(cluster, `${this.#kcp.pathOf(place.cluster ?? '')}:${place.name}`)
    const { spec } = this.#kcp.server.find(place) as Workspace
    const { path = '', name = '' } = spec.type ?? {}
    const type = this.#kcp.find<WorkspaceType>(this.#kcp.nameOf(path), KCP.workspaceTypes, name)
    for (const bound of type?.spec.defaultAPIBindings ?? []) this.#bindByDefault(cluster, bound)
    const URL = `${VIRTUAL}/clusters/${this.#kcp.pathOf(cluster)}`
    this.#patch(place, { metadata: { finalizers: [FINALIZER] }, spec: { cluster, URL } })
    this.#patch(place, { status: { phase: 'Initializing' } }, 'status')
    this.#soon(() => this.#patch(place, { status: { phase: 'Ready' } }, 'status'), 2)
  }

  /** The claims of an export that a type binds are accepted (contract 5.1). */
  #bindByDefault(cluster: string, { path, export: name }: { path: string; export: string }): void {
    const { spec } = this.#kcp.find<Export>(this.#kcp.nameOf(path), KCP.exports, name) ?? {}
    const permissionClaims = (spec?.permissionClaims ?? []).map((claim) => ({ ...claim, state: 'Accepted' }))
    const content = { spec: { reference: { export: { path, name } }, permissionClaims } }
    this.#kcp.make(cluster, KCP.bindings, 'APIBinding', name, content)
  }

  #remove(place: Place): void {
    const cluster = (this.#kcp.server.find(place) as Workspace | undefined)?.spec.cluster
    for (const { object } of this.#kcp.server.all(KCP.bindings))
      if (object.metadata.annotations?.['kcp.io/cluster'] === cluster) {
        const { name } = object.metadata
        ask(this.#kcp.server, 'DELETE', { cluster, resource: KCP.bindings, name }, {})
      }
    this.#patch(place, { metadata: { finalizers: null } })
  }

  #serve(place: Place): void {
    const { cluster = '', name } = place
    this.#patch(place, { status: { identityHash: `identity-of-${cluster}-${name}` } }, 'status')
    for (const { object } of this.#kcp.server.all(KCP.bindings)) {
      const at = object.metadata.annotations?.['kcp.io/cluster'] ?? ''
      const of = this.#kcp.referred((object as Binding).spec.reference.export, at)
      if (exportID(of) === exportID({ cluster, name }))
        this.#bind({ cluster: at, resource: KCP.bindings, name: object.metadata.name })
    }
  }

  #bind(place: Place): void {
    const binding = this.#kcp.server.find(place) as Binding | undefined
    if (binding === undefined) return
    const of = this.#kcp.referred(binding.spec.reference.export, place.cluster ?? '')
    const exported = this.#kcp.find<Export>(of.cluster, KCP.exports, of.name)
    if (exported?.status?.identityHash === undefined) return // what is exported calls again when it has one
    const { identityHash } = exported.status
    const boundResources = (exported.spec.resources ?? []).map(({ name: resource, group, schema }) => ({
      ...{ group, resource, storageVersions: ['v1'] },
      schema: { name: schema, UID: this.#kcp.find(of.cluster, KCP.schemas, schema)?.metadata.uid, identityHash },
    }))
    const status = {
      ...{ phase: 'Bound', apiExportClusterName: of.cluster, boundResources },
      exportPermissionClaims: exported.spec.permissionClaims ?? [],
      appliedPermissionClaims: binding.spec.permissionClaims ?? [],
      conditions: WELL.map((type) => ({ type, status: 'True' })),
    }
    this.#patch(place, { status }, 'status')
  }

  #endpoints(): void {
    for (const { object } of this.#kcp.server.all(KCP.slices)) {
      const { metadata, spec } = object as Slice
      const cluster = metadata.annotations?.['kcp.io/cluster'] ?? ''
      const of: ExportOf = this.#kcp.referred(spec.export, cluster)
      const url = `${VIRTUAL}/services/apiexport/${of.cluster}/${of.name}`
      const endpoints = this.#kcp.boundTo(of).length > 0 ? [{ url }] : []
      this.#patch({ cluster, resource: KCP.slices, name: metadata.name }, { status: { endpoints } }, 'status')
    }
  }
}
