import { Controller, keyOf, parseKey } from '../../kube/controllers/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import { clusterUrl, LOGICAL_CLUSTERS, logicalClusters } from '../clusters/mod.ts'
import { WORKSPACE_CONTENT_DELETED, WORKSPACE_INITIALIZED } from '../condition-types.ts'
import { isTrue, markFalse, markTrue } from '../conditions.ts'
import { DELETION_FINALIZER, INACTIVE_ANNOTATION, LOGICAL_CLUSTER_NAME } from '../names.ts'
import type { ShardServices } from '../services.ts'
import { deleteContent, deletePolicy, describe } from './content.ts'
import { labelLogicalCluster } from './metadata.ts'
import { dropFinalizer, isDeleting, setStatus, statusOf } from './model.ts'

/** Milliseconds between two looks at content that waits for somebody's finalizer. */
const CONTENT_RETRY = 100

/** Types whose objects go away by themselves a while after they were deleted. */
const SLOW_CONTENT = ['namespaces', 'customresourcedefinitions', 'apibindings.apis.kcp.io']

/** Takes each LogicalCluster of this shard from phase to phase, and its content away at the end (contract 4.3, 5.2). */
export function logicalClusterController(services: ShardServices): Controller {
  return new Controller(services.store, services.log, {
    name: 'logicalclusters',
    triggers: [
      { resource: LOGICAL_CLUSTERS },
      ...SLOW_CONTENT.map((resource) => ({
        resource,
        keys: (event: { type: string; entry: { key: { cluster: string } } }) =>
          event.type === 'DELETED'
            ? [keyOf({ cluster: event.entry.key.cluster, namespace: '', name: LOGICAL_CLUSTER_NAME })]
            : [],
      })),
    ],
    reconcile: (key) => reconcile(services, parseKey(key).cluster),
  })
}

function reconcile(services: ShardServices, cluster: string): number | undefined {
  const client = services.clientIn(cluster)
  const logicalCluster = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
  if (logicalCluster === undefined) return undefined
  const labelled = client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, labelLogicalCluster)
  if (labelled?.metadata.resourceVersion !== logicalCluster.metadata.resourceVersion) return undefined
  if (isDeleting(logicalCluster)) return remove(services, client, logicalCluster)
  const URL = clusterUrl(services.shard.externalUrl, cluster)
  modifyStatus(client, (object) => advance(object, URL, services.now()))
  return undefined
}

function advance(object: KubeObject, URL: string, now: Date): void {
  const { phase = 'Scheduling', initializers = [] } = statusOf(object)
  const isInactive = object.metadata.annotations?.[INACTIVE_ANNOTATION] === 'true'
  setStatus(object, { URL, phase })
  if (phase === 'Ready' && isInactive) setStatus(object, { phase: 'Inactive' })
  if (phase === 'Inactive' && !isInactive) setStatus(object, { phase: 'Ready' })
  if (phase !== 'Initializing') return
  if (initializers.length === 0) {
    setStatus(object, { phase: 'Ready' })
    markTrue(object, WORKSPACE_INITIALIZED, now)
    return
  }
  const message = `Initializers still exist: [${initializers.join(' ')}]`
  markFalse(object, WORKSPACE_INITIALIZED, { severity: 'Info', reason: 'InitializerExists', message }, now)
}

function remove(services: ShardServices, client: LocalClient, logicalCluster: KubeObject): number | undefined {
  const { terminators = [], phase } = statusOf(logicalCluster)
  const wanted = terminators.length > 0 ? 'Terminating' : 'Deleting'
  if (phase !== wanted) {
    modifyStatus(client, (object) => setStatus(object, { phase: wanted }))
    return undefined
  }
  if (wanted === 'Terminating' || !logicalCluster.metadata.finalizers?.includes(DELETION_FINALIZER)) return undefined
  const remaining = deleteContent(client, services.catalog().list(client.cluster))
  if (remaining.length > 0) {
    const why = { severity: 'Info' as const, reason: 'SomeResourcesRemain', message: describe(remaining) }
    modifyStatus(client, (object) => markFalse(object, WORKSPACE_CONTENT_DELETED, why, services.now()))
    return CONTENT_RETRY
  }
  if (!isTrue(logicalCluster, WORKSPACE_CONTENT_DELETED)) {
    modifyStatus(client, (object) => markTrue(object, WORKSPACE_CONTENT_DELETED, services.now()))
    return undefined
  }
  deletePolicy(client, services.builtIns)
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, (object) => dropFinalizer(object, DELETION_FINALIZER))
  return undefined
}

function modifyStatus(client: LocalClient, change: (object: KubeObject) => void): void {
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, change, 'status')
}
