import type { KubeObject } from '../../kube/objects.ts'
import type { TypeReference } from './types.ts'

export type MountReference = { apiVersion: string; kind: string; name: string; namespace?: string }

export type WorkspaceSpec = {
  type?: TypeReference
  cluster?: string
  URL?: string
  location?: { selector?: Record<string, unknown> }
  mount?: { ref: MountReference }
}

type OwnerOfCluster = { apiVersion: string; resource: string; name: string; cluster: string; uid: string }

export type LogicalClusterSpec = {
  directlyDeletable?: boolean
  owner?: OwnerOfCluster
  createdBy?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> }
  initializers?: string[]
  terminators?: string[]
}

export type PhaseStatus = { phase?: string; URL?: string; initializers?: string[]; terminators?: string[] }

/** spec of a Workspace. */
export function workspaceSpec(workspace: KubeObject): WorkspaceSpec {
  return (workspace['spec'] as WorkspaceSpec | undefined) ?? {}
}

/** spec of a LogicalCluster. */
export function logicalClusterSpec(logicalCluster: KubeObject): LogicalClusterSpec {
  return (logicalCluster['spec'] as LogicalClusterSpec | undefined) ?? {}
}

/** status of a Workspace or a LogicalCluster. */
export function statusOf(object: KubeObject): PhaseStatus {
  return (object['status'] as PhaseStatus | undefined) ?? {}
}

/** Changes fields of status; undefined takes one away. */
export function setStatus(
  object: KubeObject,
  change: { [field in keyof PhaseStatus]: PhaseStatus[field] | undefined },
): void {
  const status: Record<string, unknown> = { ...statusOf(object) }
  for (const [field, value] of Object.entries(change)) {
    if (value === undefined) delete status[field]
    else status[field] = value
  }
  object['status'] = status
}

/** Whether somebody asked for the object to be deleted. */
export function isDeleting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** Takes a finalizer off. */
export function dropFinalizer({ metadata }: KubeObject, finalizer: string): void {
  metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer)
}
