import { randomBytes, randomInt } from 'node:crypto'
import { parseJson } from '@resource-broker/json'
import { StatusError } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { labelSelectorMatches } from '../../kube/selectors/mod.ts'
import { clusterRoleBinding } from '../authz/mod.ts'
import { joinPath, logicalClusters } from '../clusters/mod.ts'
import { shardHash, workspaceClusterName } from '../hashes.ts'
import {
  CLUSTER_ANNOTATION,
  CORE,
  DELETION_FINALIZER,
  LOGICAL_CLUSTER_FINALIZER,
  LOGICAL_CLUSTER_NAME,
  OWNER_ANNOTATION,
  PATH_ANNOTATION,
  REGION_LABEL,
  REQUIRED_GROUPS_ANNOTATION,
  SHARD_ANNOTATION,
  SHARD_HASH_ANNOTATION,
  TENANCY,
  TYPE_ANNOTATION,
  UNSCHEDULABLE_ANNOTATION,
  WORKSPACE_CLUSTER_ANNOTATION,
} from '../names.ts'
import type { ReplicatedObject, ShardServices } from '../services.ts'
import { type LogicalClusterSpec, setStatus, statusOf, workspaceSpec } from './model.ts'
import { initializersOf, terminatorsOf, type WorkspaceType, type WorkspaceTypes } from './types.ts'

const CLUSTER_NAME_BYTES = 32
const ADMIN_BINDING = 'workspace-admin'

const NO_SHARD = 'No available shards to schedule the workspace'

/** A shard for the workspace, any of those that its selector takes; or why there is none (contract 5.1). */
export function chooseShard(workspace: KubeObject, shards: readonly ReplicatedObject[]): ReplicatedObject | string {
  const { location } = workspaceSpec(workspace)
  const selector = (location?.selector ?? {}) as Parameters<typeof labelSelectorMatches>[0]
  try {
    const selected = shards.filter(({ object: { metadata } }) => labelSelectorMatches(selector, metadata.labels))
    const candidates = selected.filter(
      ({ object: { metadata } }) => metadata.annotations?.[UNSCHEDULABLE_ANNOTATION] === undefined,
    )
    return candidates.length === 0 ? NO_SHARD : candidates[randomInt(candidates.length)]!
  } catch (error) {
    if (error instanceof StatusError) return `spec.location.selector is invalid: ${error.message}`
    throw error
  }
}

/** Whether the workspace has a shard and the name of a logical cluster already. */
export function hasPlace({ metadata: { annotations = {}, finalizers = [] } }: KubeObject): boolean {
  const isNamed = annotations[SHARD_ANNOTATION] !== undefined && annotations[WORKSPACE_CLUSTER_ANNOTATION] !== undefined
  return isNamed && finalizers.includes(LOGICAL_CLUSTER_FINALIZER)
}

/** Writes down where the workspace will be, before anything is made there. */
export function assignPlace({ metadata }: KubeObject, shard: ReplicatedObject): void {
  const region = shard.object.metadata.labels?.[REGION_LABEL]
  const { annotations = {}, finalizers = [] } = metadata
  metadata.annotations = {
    ...annotations,
    [SHARD_ANNOTATION]: shard.name,
    [SHARD_HASH_ANNOTATION]: shardHash(shard.name),
    [WORKSPACE_CLUSTER_ANNOTATION]:
      annotations[WORKSPACE_CLUSTER_ANNOTATION] ?? workspaceClusterName(randomBytes(CLUSTER_NAME_BYTES)),
  }
  metadata.finalizers = [...new Set([...finalizers, LOGICAL_CLUSTER_FINALIZER])]
  if (region !== undefined) metadata.labels = { ...metadata.labels, [REGION_LABEL]: region }
}

/** Makes the logical cluster of a workspace that has a place, with its administrator, and lets it initialize. */
export function createLogicalCluster(services: ShardServices, types: WorkspaceTypes, workspace: KubeObject): void {
  const { annotations = {} } = workspace.metadata
  const cluster = annotations[WORKSPACE_CLUSTER_ANNOTATION]!
  const client = services.clientAt(annotations[SHARD_ANNOTATION]!, cluster)
  const present = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
  const made = present ?? client.create(logicalClusters, logicalClusterOf(services, types, workspace))
  begin(services, client, made)
}

/** Binds the creator as administrator, then moves a new logical cluster on to Initializing. */
export function begin(services: ShardServices, client: LocalClient, logicalCluster: KubeObject): void {
  const { phase = '' } = statusOf(logicalCluster)
  if (phase !== '' && phase !== 'Scheduling') return
  const { createdBy } = (logicalCluster['spec'] ?? {}) as LogicalClusterSpec
  if (createdBy?.username !== undefined) bindAdministrator(services, client, createdBy.username)
  const initialize = (object: KubeObject) => setStatus(object, { phase: 'Initializing' })
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, initialize, 'status')
}

function logicalClusterOf({ directory }: ShardServices, types: WorkspaceTypes, workspace: KubeObject): KubeObject {
  const { name = '', uid = '', annotations = {} } = workspace.metadata
  const parent = annotations[CLUSTER_ANNOTATION]!
  const parentPath = directory.pathOf(parent)
  const { type } = workspaceSpec(workspace)
  const reference = type ?? { name: '' }
  const extended = types.extended(types.resolve(parentPath, reference))
  const owner = annotations[OWNER_ANNOTATION]
  const required = annotations[REQUIRED_GROUPS_ANNOTATION]
  const made = {
    [PATH_ANNOTATION]: joinPath(parentPath, name),
    [SHARD_ANNOTATION]: annotations[SHARD_ANNOTATION]!,
    [TYPE_ANNOTATION]: joinPath(reference.path ?? '', reference.name),
    ...(owner !== undefined && { [OWNER_ANNOTATION]: owner }),
    ...(required !== undefined && { [REQUIRED_GROUPS_ANNOTATION]: required }),
  }
  return newLogicalCluster(extended, made, {
    owner: { apiVersion: `${TENANCY}/v1alpha1`, resource: 'workspaces', name, cluster: parent, uid },
    ...(owner !== undefined && { createdBy: parseJson(owner) as NonNullable<LogicalClusterSpec['createdBy']> }),
  })
}

/** A LogicalCluster of these types that is to be created, with what is to be done in it first and last. */
export function newLogicalCluster(
  types: readonly WorkspaceType[],
  annotations: Record<string, string>,
  spec: LogicalClusterSpec,
): KubeObject {
  const [initializers, terminators] = [initializersOf(types), terminatorsOf(types)]
  return {
    apiVersion: `${CORE}/v1alpha1`,
    kind: 'LogicalCluster',
    metadata: { name: LOGICAL_CLUSTER_NAME, finalizers: [DELETION_FINALIZER], annotations },
    spec: {
      ...spec,
      ...(initializers.length > 0 && { initializers }),
      ...(terminators.length > 0 && { terminators }),
    },
  }
}

function bindAdministrator({ builtIns }: ShardServices, client: LocalClient, username: string): void {
  const bindings = builtIns.find((each: Resource) => each.resource === 'clusterrolebindings')!
  if (client.get(bindings, '', ADMIN_BINDING) !== undefined) return
  client.create(bindings, clusterRoleBinding(ADMIN_BINDING, 'cluster-admin', 'User', [username]))
}
