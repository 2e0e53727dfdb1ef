import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import { deepEqual } from '../../kube/json.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { LOGICAL_CLUSTERS, logicalClusters, splitPath } from '../clusters/mod.ts'
import { INITIAL_BINDING_COMPLETED, PERMISSION_CLAIMS_APPLIED } from '../condition-types.ts'
import { isTrue, markFalse, markTrue } from '../conditions.ts'
import { defaultBindingName } from '../hashes.ts'
import { API_BINDINGS_INITIALIZER, APIS, LOGICAL_CLUSTER_NAME, TYPE_ANNOTATION } from '../names.ts'
import type { ReplicatedChange, ShardServices } from '../services.ts'
import { systemStorage } from '../storage.ts'
import { finishInitializer, waitsFor } from './initializer.ts'
import { isDeleting, statusOf } from './model.ts'
import {
  defaultBindingsOf,
  type ExportReference,
  RefusedWorkspace,
  type WorkspaceType,
  type WorkspaceTypes,
} from './types.ts'

const INITIALIZED = 'APIBindingsInitialized'
const VERSION = `${APIS}/v1alpha2`

type Claim = { group?: string; resource: string; verbs: string[]; identityHash?: string; defaultSelector?: object }
type Wanted = Required<ExportReference>
type Context = { services: ShardServices; client: LocalClient; bindings: Resource }

/** Binds new workspaces to what their types ask for: initializer `system:apibindings`; later again where a type says Maintain. */
export function defaultBindings(
  services: ShardServices,
  types: WorkspaceTypes,
): { controller: Controller; stop: () => void } {
  const controller = new Controller(services.store, services.log, {
    name: 'default-apibindings',
    triggers: [
      { resource: LOGICAL_CLUSTERS },
      {
        resource: systemStorage(APIS, 'apibindings'),
        keys: ({ entry }) => [keyOf({ cluster: entry.key.cluster, namespace: '', name: LOGICAL_CLUSTER_NAME })],
      },
    ],
    reconcile: (key) => void reconcile(services, types, parseKey(key).cluster),
  })
  const lookAtEach = (concerns: (logicalCluster: KubeObject) => boolean) => {
    for (const { shard, cluster, name, object } of services.cache.list('logicalclusters.core.kcp.io')) {
      if (shard !== services.shard.name || !concerns(object)) continue
      controller.enqueue(keyOf({ cluster, namespace: '', name }))
    }
  }
  const stops = [
    services.cache.watch('workspacetypes.tenancy.kcp.io', () => lookAtEach(() => true)),
    services.cache.watch('apiexports.apis.kcp.io', (change) => {
      const isMaintained = changesSpec(change) && types.maintain(change.now.name)
      lookAtEach((logicalCluster) => isMaintained || waitsFor(logicalCluster, API_BINDINGS_INITIALIZER))
    }),
  ]
  const stop = () => {
    for (const end of stops) end()
  }
  return { controller, stop }
}

function reconcile(services: ShardServices, types: WorkspaceTypes, cluster: string): void {
  const client = services.clientIn(cluster)
  const logicalCluster = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
  const bindings = services.catalog().find(cluster, APIS, 'apibindings')
  if (logicalCluster === undefined || bindings === undefined || isDeleting(logicalCluster)) return
  const context = { services, client, bindings }
  if (waitsFor(logicalCluster, API_BINDINGS_INITIALIZER)) initialize(context, types, logicalCluster)
  else if (statusOf(logicalCluster).phase === 'Ready') maintain(context, types, logicalCluster)
}

function initialize(context: Context, types: WorkspaceTypes, logicalCluster: KubeObject): void {
  let extended: WorkspaceType[]
  try {
    extended = typesOf(types, logicalCluster)
  } catch (error) {
    if (!(error instanceof RefusedWorkspace)) throw error
    mark(context, 'Error', 'WorkspaceTypesInvalid', error.message)
    return
  }
  const wanted = defaultBindingsOf(extended)
  const errors = wanted.flatMap((each) => ensure(context, each))
  if (errors.length > 0) {
    mark(context, 'Error', 'APIBindingErrors', `encountered errors: ${[...new Set(errors)].join(', ')}`)
    return
  }
  const incomplete = wanted.filter((each) => !isComplete(context, each)).map((each) => nameOf(context, each))
  if (incomplete.length > 0) {
    const message = `APIBinding(s) not yet fully bound: ${incomplete.sort().join(', ')}`
    mark(context, 'Info', 'WaitingOnAPIBindings', message)
    return
  }
  const { client, services } = context
  const done = (object: KubeObject) => markTrue(object, INITIALIZED, services.now())
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, done, 'status')
  finishInitializer(client, API_BINDINGS_INITIALIZER)
}

function maintain(context: Context, types: WorkspaceTypes, logicalCluster: KubeObject): void {
  try {
    const extended = typesOf(types, logicalCluster)
    const kept = extended.filter(({ spec }) => spec.defaultAPIBindingLifecycle === 'Maintain')
    for (const each of defaultBindingsOf(kept)) {
      ensure(context, each)
      acceptAll(context, each)
    }
  } catch (error) {
    // A type that is gone asks for nothing any more.
    if (!(error instanceof RefusedWorkspace)) throw error
  }
}

/** Makes a maintained binding accept what its export claims now, and nothing else, whatever somebody wrote there. */
function acceptAll(context: Context, wanted: Wanted): void {
  const { client, bindings } = context
  const apiExport = exportOf(context, wanted)
  const name = defaultBindingName(client.cluster, wanted.path, wanted.export)
  const binding = client.get(bindings, '', name)
  if (apiExport === undefined || binding === undefined || isDeleting(binding)) return
  client.modify(bindings, '', name, (object) => {
    const { permissionClaims: _, ...spec } = object['spec'] as Record<string, unknown>
    object['spec'] = { ...spec, ...acceptedClaims(apiExport) }
  })
}

/** Conditions of an export are nothing to its bindings. */
function changesSpec({ now, previous }: ReplicatedChange): boolean {
  return !deepEqual(now.object['spec'], previous?.object['spec'])
}

function typesOf(types: WorkspaceTypes, { metadata }: KubeObject): WorkspaceType[] {
  const { parent: path, name } = splitPath(metadata.annotations?.[TYPE_ANNOTATION] ?? '')
  if (path === '') return []
  return types.extended(types.resolve(path, { path, name }))
}

/** Creates the binding unless there is one; answers what stands in the way. */
function ensure(context: Context, wanted: Wanted): string[] {
  const { client, bindings } = context
  if (find(context, wanted) !== undefined) return []
  const apiExport = exportOf(context, wanted)
  if (apiExport === undefined) return ['unable to complete initialization: unable to find at least 1 APIExport']
  try {
    client.create(bindings, {
      apiVersion: VERSION,
      kind: 'APIBinding',
      metadata: { name: defaultBindingName(client.cluster, wanted.path, wanted.export) },
      spec: {
        reference: { export: { path: wanted.path, name: wanted.export } },
        ...acceptedClaims(apiExport),
      },
    })
    return []
  } catch (error) {
    if (error instanceof StatusError && error.reason !== 'AlreadyExists') return [error.message]
    if (error instanceof StatusError) return []
    throw error
  }
}

function exportOf({ services }: Context, { path, export: name }: Wanted): KubeObject | undefined {
  const cluster = services.directory.resolve(path)?.cluster
  return cluster === undefined ? undefined : services.cache.get('apiexports.apis.kcp.io', cluster, name)?.object
}

function acceptedClaims(apiExport: KubeObject): { permissionClaims?: object[] } {
  const { permissionClaims = [] } = (apiExport['spec'] ?? {}) as { permissionClaims?: Claim[] }
  return permissionClaims.length > 0 ? { permissionClaims: permissionClaims.map(accepted) } : {}
}

function accepted({ group, resource, verbs, identityHash, defaultSelector }: Claim): object {
  return {
    ...(group !== undefined && { group }),
    resource,
    verbs,
    ...(identityHash !== undefined && { identityHash }),
    selector: defaultSelector ?? { matchAll: true },
    state: 'Accepted',
  }
}

function find({ client, bindings }: Context, wanted: Wanted): KubeObject | undefined {
  const name = defaultBindingName(client.cluster, wanted.path, wanted.export)
  return client.get(bindings, '', name) ?? client.list(bindings).find((binding) => refersTo(binding, wanted))
}

function refersTo(binding: KubeObject, wanted: Wanted): boolean {
  const { reference } = (binding['spec'] ?? {}) as { reference?: { export?: { path?: string; name?: string } } }
  return reference?.export?.name === wanted.export && reference.export.path === wanted.path
}

function isComplete(context: Context, wanted: Wanted): boolean {
  const binding = find(context, wanted)
  if (binding === undefined || !isTrue(binding, INITIAL_BINDING_COMPLETED)) return false
  const { permissionClaims = [] } = (binding['spec'] ?? {}) as { permissionClaims?: { state?: string }[] }
  const accepts = permissionClaims.some(({ state }) => state === 'Accepted')
  return !accepts || isTrue(binding, PERMISSION_CLAIMS_APPLIED)
}

function nameOf(context: Context, wanted: Wanted): string {
  return find(context, wanted)?.metadata.name ?? `for APIExport ${wanted.path}|${wanted.export}`
}

function mark({ client, services }: Context, severity: 'Error' | 'Info', reason: string, message: string): void {
  const change = (object: KubeObject) => markFalse(object, INITIALIZED, { severity, reason, message }, services.now())
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, change, 'status')
}
