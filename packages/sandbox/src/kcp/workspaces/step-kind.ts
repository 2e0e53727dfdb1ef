import type { PolicyRule } from '../../kube/authz/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { INITIALIZER_GROUP_PREFIX, TERMINATOR_GROUP_PREFIX } from '../groups.ts'
import { isDeleting, statusOf } from './model.ts'
import type { WorkspaceType } from './types.ts'

/** What is done in a logical cluster by others, before it is ready or before its content is deleted (contract 8). */
export type StepKind = {
  /** What one is called; `<name>s` in spec and status of a LogicalCluster. */
  readonly name: 'initializer' | 'terminator'
  /** On the WorkspaceType, of whoever does it. */
  readonly verb: 'initialize' | 'terminate'
  /** Before the name of a step: the group of whoever does it, where the type says what it may do. */
  readonly groupPrefix: string
  /** Whether it is the time for such steps. */
  readonly isDue: (logicalCluster: KubeObject) => boolean
  /** What a type permits; without that, they act as who created the workspace. */
  readonly permissions: (type: WorkspaceType) => readonly PolicyRule[]
}

export const INITIALIZERS: StepKind = {
  ...{ name: 'initializer', verb: 'initialize', groupPrefix: INITIALIZER_GROUP_PREFIX },
  isDue: (logicalCluster) => statusOf(logicalCluster).phase === 'Initializing',
  permissions: ({ spec }) => spec.initializerPermissions ?? [],
}

export const TERMINATORS: StepKind = {
  ...{ name: 'terminator', verb: 'terminate', groupPrefix: TERMINATOR_GROUP_PREFIX },
  isDue: isDeleting,
  permissions: ({ spec }) => spec.terminatorPermissions ?? [],
}

/** The steps of a kind that are left in a logical cluster. */
export function stepsLeft({ name }: StepKind, logicalCluster: KubeObject): readonly string[] {
  return statusOf(logicalCluster)[`${name}s`] ?? []
}

/** Whether a logical cluster waits for that step now. */
export function waitsForStep(kind: StepKind, logicalCluster: KubeObject | undefined, step: string): boolean {
  return logicalCluster !== undefined && kind.isDue(logicalCluster) && stepsLeft(kind, logicalCluster).includes(step)
}
