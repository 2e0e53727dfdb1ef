import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import { markFalse, markTrue, summarize } from '../conditions.ts'
import { exportHash } from '../hashes.ts'
import type { ShardServices } from '../shards/types.ts'
import type { BoundTypes } from './bound-types.ts'
import { API_BINDINGS, apiBindings } from './system-types.ts'
import type { ApiBinding, ApiExport } from './types.ts'

const FINALIZER = 'apis.kcp.io/apibinding-finalizer'
const EXPORT_LABEL = 'internal.apis.kcp.io/export'
/** Objects that are on their way out are looked at again after this time. */
const DELETION_MS = 50

type Context = { services: ShardServices; bound: BoundTypes; client: LocalClient; cluster: string; name: string }
type Found = { exportCluster: string; apiExport: ApiExport }
type Problem = { condition: string; reason: string; message: string }

/** Binds what APIBindings refer to, and removes it with its objects when they go (contract 5.4, 5.6). */
export function bindingController(
  services: ShardServices,
  bound: BoundTypes,
): { controller: Controller; stop: () => void } {
  const { store, log, cache, shard, clientAt } = services
  /** Bindings whose export is not known yet. */
  const waiting = new Set<string>()
  const controller = new Controller(store, log, {
    name: 'apibindings',
    triggers: [{ resource: API_BINDINGS }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const context = { services, bound, client: clientAt(shard.name, cluster), cluster, name }
      const { again, isWaiting } = reconcile(context)
      if (isWaiting) waiting.add(key)
      else waiting.delete(key)
      return again
    },
  })
  const lookAtConsumers = (exportCluster: string, exportName: string) => {
    for (const { cluster, binding } of bound.consumersOf(exportCluster, exportName)) {
      controller.enqueue(keyOf({ cluster, namespace: '', name: binding }))
    }
    for (const key of waiting) controller.enqueue(key)
  }
  const ends = [
    cache.watch('apiexports.apis.kcp.io', ({ now }) => lookAtConsumers(now.cluster, now.name)),
    cache.watch('apiresourceschemas.apis.kcp.io', ({ now }) => {
      for (const { name } of cache.list('apiexports.apis.kcp.io', now.cluster)) lookAtConsumers(now.cluster, name)
    }),
  ]
  return {
    controller,
    stop: () => {
      for (const end of ends) end()
    },
  }
}

function reconcile(context: Context): { again?: number; isWaiting: boolean } {
  const { client, name } = context
  const binding = client.get(apiBindings, '', name) as ApiBinding | undefined
  if (binding === undefined) return { isWaiting: false }
  if (binding.metadata.deletionTimestamp !== undefined) return { ...release(context, binding), isWaiting: false }
  const found = findExport(context, binding)
  prepare(context, found)
  const problem = problemOf(context, found)
  client.modify(apiBindings, '', name, (object) => report(context, object as ApiBinding, found, problem), 'status')
  return { isWaiting: problem !== undefined }
}

function findExport({ services, cluster }: Context, { spec }: ApiBinding): Found | undefined {
  const { path = '', name = '' } = spec?.reference?.export ?? {}
  const exportCluster = services.directory.resolve(path === '' ? cluster : path)?.cluster
  if (exportCluster === undefined) return undefined
  const apiExport = services.cache.get('apiexports.apis.kcp.io', exportCluster, name)?.object as ApiExport | undefined
  return apiExport && { exportCluster, apiExport }
}

/** The finalizer, and the label by which the bindings of an export are found (contract 2.7). */
function prepare({ client, name }: Context, found: Found | undefined): void {
  client.modify(apiBindings, '', name, ({ metadata }) => {
    const finalizers = metadata.finalizers ?? []
    if (!finalizers.includes(FINALIZER)) metadata.finalizers = [...finalizers, FINALIZER]
    if (found === undefined) return
    const hash = exportHash(found.exportCluster, found.apiExport.metadata.name ?? '')
    metadata.labels = { ...metadata.labels, [EXPORT_LABEL]: hash }
  })
}

function problemOf({ bound, cluster, name }: Context, found: Found | undefined): Problem | undefined {
  const invalid = (reason: string, message: string) => ({ condition: 'APIExportValid', reason, message })
  if (found === undefined) return invalid('APIExportNotFound', 'the APIExport is not there')
  const { apiExport, exportCluster } = found
  const named = `APIExport ${exportCluster}|${apiExport.metadata.name}`
  if (apiExport.status?.identityHash === undefined)
    return invalid('MissingIdentityHash', `${named} has no identity yet`)
  const resources = bound.resourcesOf(exportCluster, apiExport)
  if (resources === undefined) return invalid('APIResourceSchemaInvalid', `a schema of ${named} is not there`)
  for (const { group, resource } of resources) {
    const other = bound.find(cluster, group, resource)?.bound.binding
    if (other === undefined || other === name) continue
    const message = `${resource}.${group} is bound by APIBinding ${other}`
    return { condition: 'BindingUpToDate', reason: 'NamingConflicts', message }
  }
  return undefined
}

function report(context: Context, binding: ApiBinding, found: Found | undefined, problem: Problem | undefined): void {
  const now = context.services.now()
  const failed = (type: string, reason: string, message: string) =>
    markFalse(binding, type, { severity: 'Error', reason, message }, now)
  const wasBound = binding.status?.phase === 'Bound'
  if (found === undefined || problem !== undefined) {
    const { condition, reason, message } = problem!
    binding.status = { ...binding.status, phase: wasBound ? 'Bound' : 'Binding' }
    failed(condition, reason, message)
    if (!wasBound) failed('InitialBindingCompleted', 'WaitingForEstablished', message)
  } else {
    binding.status = { ...binding.status, ...boundStatus(context, found), phase: 'Bound' }
    for (const type of ['APIExportValid', 'InitialBindingCompleted', 'BindingUpToDate']) markTrue(binding, type, now)
  }
  summarize(binding, ['InitialBindingCompleted'], now)
}

function boundStatus({ services, bound }: Context, { apiExport, exportCluster }: Found) {
  const identityHash = apiExport.status?.identityHash
  const resources = bound.resourcesOf(exportCluster, apiExport) ?? []
  const schemas = apiExport.spec?.resources ?? []
  const boundResources = resources.map(({ group, resource, storageVersion }, index) => {
    const name = schemas[index]?.schema ?? ''
    const uid = services.cache.get('apiresourceschemas.apis.kcp.io', exportCluster, name)?.object.metadata.uid
    return { group, resource, schema: { name, UID: uid, identityHash }, storageVersions: [storageVersion] }
  })
  const { permissionClaims } = apiExport.spec ?? {}
  return {
    apiExportClusterName: exportCluster,
    ...(boundResources.length > 0 && { boundResources }),
    ...(permissionClaims !== undefined && { exportPermissionClaims: permissionClaims }),
  }
}

/** Deletes all objects of the bound types; the binding goes after they were seen gone and no label tells of its claims any more. */
function release({ bound, client, cluster, name, services }: Context, { status }: ApiBinding): { again?: number } {
  const own = [...bound.in(cluster)].find(({ binding }) => binding === name)
  const left = (own?.resources ?? []).flatMap((resource) =>
    client.list(resource).map((object) => ({ resource, object })),
  )
  for (const { resource, object } of left) {
    const { namespace = '', name: of = '', deletionTimestamp } = object.metadata
    if (deletionTimestamp === undefined) client.delete(resource, namespace, of)
  }
  if (left.length > 0) {
    client.modify(apiBindings, '', name, (object) => stillThere(object, left.length, services.now()), 'status')
    return { again: DELETION_MS }
  }
  // The change of that is looked at again.
  if ((status?.appliedPermissionClaims ?? []).length > 0) return {}
  client.modify(apiBindings, '', name, ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== FINALIZER)
  })
  return {}
}

function stillThere(binding: KubeObject, count: number, now: Date): void {
  const message = `${count} objects of the bound types are being deleted`
  const why = { severity: 'Error', reason: 'SomeFinalizersRemain', message } as const
  markFalse(binding, 'BindingResourceDeleteSuccess', why, now)
}
