import type { KubeObject } from '../../../objects.ts'
import { timestamp } from '../../../timestamp.ts'
import type { DeletionOptions, Scope } from '../../scope.ts'
import { finalizersFor } from './deletion-finalizers.ts'

const CRD_CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

/**
 * What the first deletion makes of an object of those types that have content of their own to be cleared away first;
 * undefined for the common way, `unchanged` while their clearing goes on.
 */
export function markForDeletion(
  scope: Scope,
  object: KubeObject,
  options: DeletionOptions,
): KubeObject | 'unchanged' | undefined {
  const { group, resource } = scope.resource
  if (group === '' && resource === 'namespaces') return markNamespace(scope, object, options)
  if (group === 'apiextensions.k8s.io' && resource === 'customresourcedefinitions') return markCrd(scope, object)
  return undefined
}

function markNamespace({ deps }: Scope, object: KubeObject, options: DeletionOptions) {
  const { finalizers = [] } = (object['spec'] ?? {}) as { finalizers?: string[] }
  if (object.metadata.deletionTimestamp !== undefined) return finalizers.length > 0 ? 'unchanged' : undefined
  const { finalizers: before, ...metadata } = object.metadata
  const own = finalizersFor(before ?? [], options)
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(own.length > 0 && { finalizers: [...own] }),
      deletionTimestamp: timestamp(deps.now()),
    },
    status: { ...(object['status'] as object), phase: 'Terminating' },
  }
}

function markCrd({ deps }: Scope, object: KubeObject): KubeObject | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return undefined
  const { finalizers = [] } = object.metadata
  const now = timestamp(deps.now())
  const status = (object['status'] ?? {}) as { conditions?: { type: string }[] }
  const terminating = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: now,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Terminating')
  return {
    ...object,
    metadata: {
      ...object.metadata,
      finalizers: finalizers.includes(CRD_CLEANUP) ? finalizers : [...finalizers, CRD_CLEANUP],
      deletionTimestamp: now,
    },
    status: { ...status, conditions: [...others, terminating] },
  }
}
