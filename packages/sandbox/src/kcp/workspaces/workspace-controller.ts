import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { clusterUrl, joinPath, logicalClusterIn, logicalClusters } from '../clusters/mod.ts'
import { WORKSPACE_CONTENT_DELETED, WORKSPACE_INITIALIZED } from '../condition-types.ts'
import { conditionOf, isTrue, markFalse, markTrue, setCondition } from '../conditions.ts'
import {
  CLUSTER_ANNOTATION,
  LOGICAL_CLUSTER_FINALIZER,
  LOGICAL_CLUSTER_NAME,
  SHARD_ANNOTATION,
  TENANCY,
  WORKSPACE_CLUSTER_ANNOTATION,
} from '../names.ts'
import type { ShardServices } from '../services.ts'
import { boundStorage } from '../storage.ts'
import { labelWorkspace } from './metadata.ts'
import { dropFinalizer, isDeleting, logicalClusterSpec, setStatus, statusOf, workspaceSpec } from './model.ts'
import { reconcileMount } from './mounts.ts'
import { assignPlace, chooseShard, createLogicalCluster, hasPlace } from './scheduling.ts'
import type { WorkspaceTypes } from './types.ts'

const SCHEDULED = 'WorkspaceScheduled'
/** Milliseconds until a shard that is away is tried again. */
const SHARD_RETRY = 500

type Context = { services: ShardServices; types: WorkspaceTypes; client: LocalClient; resource: Resource; name: string }
type Result = number | undefined

/** Takes each Workspace from Scheduling to Ready, and away again, one written step per look (contract 5.1, 5.2). */
export function workspaceController(
  services: ShardServices,
  types: WorkspaceTypes,
): { controller: Controller; stop: () => void } {
  const identity = services.identities.get(TENANCY)!
  const storage = boundStorage(TENANCY, 'workspaces', identity)
  const controller = new Controller(services.store, services.log, {
    name: 'workspaces',
    triggers: [{ resource: storage }],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const resource = services.catalog().find(cluster, TENANCY, 'workspaces', identity)
      if (resource === undefined) return undefined
      const client = services.clientIn(cluster)
      return retryingShards(() => reconcile({ services, types, client, resource, name }))
    },
  })
  const all = () => {
    for (const { key } of services.store.list({ resource: storage }).entries) controller.enqueue(keyOf(key))
  }
  const stops = [
    services.cache.watch('logicalclusters.core.kcp.io', ({ now: { object } }) => {
      const { owner } = logicalClusterSpec(object)
      if (owner !== undefined) controller.enqueue(keyOf({ cluster: owner.cluster, namespace: '', name: owner.name }))
    }),
    services.cache.watch('shards.core.kcp.io', all),
  ]
  const stop = () => {
    for (const end of stops) end()
  }
  return { controller, stop }
}

/** A shard that is away comes back some time; that is nothing to warn of. */
function retryingShards(step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    if (error instanceof StatusError && error.code === 503) return SHARD_RETRY
    throw error
  }
}

function reconcile(context: Context): Result {
  const { client, resource, name, services } = context
  const workspace = client.get(resource, '', name)
  if (workspace === undefined) return undefined
  if (workspaceSpec(workspace).mount !== undefined) return reconcileMount(services, client, resource, workspace)
  const before = workspace.metadata.resourceVersion
  const labelled = client.modify(resource, '', name, labelWorkspace)
  if (labelled?.metadata.resourceVersion !== before) return undefined
  if (isDeleting(workspace)) return remove(context, workspace)
  const { phase = '' } = statusOf(workspace)
  if (phase === '') setPhase(context, 'Scheduling')
  else if (phase === 'Scheduling') schedule(context, workspace)
  else if (phase === 'Initializing') followInitialization(context, workspace)
  return undefined
}

function schedule(context: Context, workspace: KubeObject): void {
  const { services, types, client, resource, name } = context
  if (!hasPlace(workspace)) {
    const shard = chooseShard(workspace, services.cache.list('shards.core.kcp.io'))
    if (typeof shard === 'string') refusePlace(context, shard)
    else client.modify(resource, '', name, (object) => assignPlace(object, shard))
    return
  }
  const { cluster, URL } = workspaceSpec(workspace)
  if (cluster === undefined || URL === undefined) {
    createLogicalCluster(services, types, workspace)
    client.modify(resource, '', name, (object) => publish(services, object))
  } else if (!isTrue(workspace, SCHEDULED)) {
    modifyStatus(context, (object) => markTrue(object, SCHEDULED, services.now()))
  } else setPhase(context, 'Initializing')
}

function refusePlace(context: Context, message: string): void {
  modifyStatus(context, (object) =>
    markFalse(object, SCHEDULED, { severity: 'Error', reason: 'Unschedulable', message }, context.services.now()),
  )
}

/** Where the workspace is, in its spec. */
function publish({ shard, directory }: ShardServices, workspace: KubeObject): void {
  const { annotations = {}, name = '' } = workspace.metadata
  const path = joinPath(directory.pathOf(annotations[CLUSTER_ANNOTATION] ?? ''), name)
  const cluster = annotations[WORKSPACE_CLUSTER_ANNOTATION]!
  workspace['spec'] = { ...workspaceSpec(workspace), cluster, URL: clusterUrl(shard.externalUrl, path) }
}

function followInitialization(context: Context, workspace: KubeObject): void {
  const logicalCluster = logicalClusterOf(context, workspace)
  const now = context.services.now()
  modifyStatus(context, (object) => {
    if (logicalCluster === undefined) {
      const message = 'LogicalCluster disappeared'
      markFalse(object, WORKSPACE_INITIALIZED, { severity: 'Error', reason: 'WorkspaceDisappeared', message }, now)
      return
    }
    const { initializers, terminators, phase } = statusOf(logicalCluster)
    setStatus(object, { initializers: some(initializers), terminators: some(terminators) })
    if (phase === 'Ready') {
      setStatus(object, { phase: 'Ready' })
      markTrue(object, WORKSPACE_INITIALIZED, now)
      return
    }
    const message = `Initializers still exist: [${(initializers ?? []).join(' ')}]`
    markFalse(object, WORKSPACE_INITIALIZED, { severity: 'Info', reason: 'InitializerExists', message }, now)
  })
}

/** The logical cluster goes first, and the workspace when that is gone. */
function remove(context: Context, workspace: KubeObject): Result {
  const { services, client, resource, name } = context
  const { finalizers = [], annotations = {} } = workspace.metadata
  if (finalizers.some((each) => each !== LOGICAL_CLUSTER_FINALIZER)) return undefined
  const logicalCluster = logicalClusterOf(context, workspace)
  if (logicalCluster === undefined) {
    if (!isTrue(workspace, WORKSPACE_CONTENT_DELETED)) {
      modifyStatus(context, (object) => markTrue(object, WORKSPACE_CONTENT_DELETED, services.now()))
    } else client.modify(resource, '', name, (object) => dropFinalizer(object, LOGICAL_CLUSTER_FINALIZER))
    return undefined
  }
  if (!isDeleting(logicalCluster)) {
    const cluster = annotations[WORKSPACE_CLUSTER_ANNOTATION]!
    services.clientAt(annotations[SHARD_ANNOTATION]!, cluster).delete(logicalClusters, '', LOGICAL_CLUSTER_NAME)
    return undefined
  }
  const condition = conditionOf(logicalCluster, WORKSPACE_CONTENT_DELETED)
  modifyStatus(context, (object) => {
    const { phase, terminators } = statusOf(logicalCluster)
    setStatus(object, { phase, terminators: some(terminators) })
    if (condition !== undefined) setCondition(object, condition, services.now())
  })
  return undefined
}

function logicalClusterOf({ services }: Context, workspace: KubeObject): KubeObject | undefined {
  const cluster = workspaceSpec(workspace).cluster ?? workspace.metadata.annotations?.[WORKSPACE_CLUSTER_ANNOTATION]
  if (cluster === undefined) return undefined
  return logicalClusterIn(services.cache, cluster)?.object
}

function setPhase(context: Context, phase: string): void {
  modifyStatus(context, (object) => setStatus(object, { phase }))
}

function modifyStatus({ client, resource, name }: Context, change: (object: KubeObject) => void): void {
  client.modify(resource, '', name, change, 'status')
}

function some(list: string[] | undefined): string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}
