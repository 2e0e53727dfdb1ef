import { stringifyJson } from '@resource-broker/json'
import type { Entry } from '../../../../store/types.ts'
import { StatusError } from '../../../errors.ts'
import type { KubeObject, ObjectMeta } from '../../../objects.ts'
import { timestamp } from '../../../timestamp.ts'
import type { DeletionOptions, Scope } from '../../scope.ts'
import { requireVisible } from '../../visible-entry.ts'
import { admit } from '../admission.ts'
import { encoder } from '../saving.ts'
import { holdsContent } from '../update.ts'
import { finalizersFor } from './deletion-finalizers.ts'
import { markForDeletion } from './deletion-marks.ts'

/** `gone` tells whether nothing is left; `object` is the last state. */
export type Deleted = { object: KubeObject; entry?: Entry; gone: boolean }

/** Deletes an object, or marks it as being deleted when something waits for that. Throws StatusError. */
export function deleteObject(scope: Scope, name: string, options: DeletionOptions): Deleted {
  const { deps, resource, version } = scope
  const entry = requireVisible(scope, name)
  const object = deps.reader.object(resource, version, entry)
  checkPreconditions(scope, object.metadata, options)
  const special = markForDeletion(scope, object, options)
  if (special !== undefined) {
    admit(scope, options, undefined, object)
    return special === 'unchanged' ? { object, entry, gone: false } : save(scope, entry, special, options)
  }
  const finalizers = finalizersFor(object.metadata.finalizers ?? [], options)
  admit(scope, options, undefined, object)
  if (finalizers.length === 0 && !holdsContent(resource, object)) return remove(scope, entry, object, options)
  const { finalizers: _, ...metadata } = object.metadata
  const next = { ...object, metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers: [...finalizers] }) } }
  markAsDeleting(next.metadata, deps.now())
  return save(scope, entry, next, options)
}

function remove(scope: Scope, entry: Entry, object: KubeObject, { dryRun }: DeletionOptions): Deleted {
  if (!dryRun) scope.deps.store.delete(entry.key, entry.revision, encoder(scope, object))
  return { object, gone: true }
}

function save(scope: Scope, entry: Entry, next: KubeObject, { dryRun }: DeletionOptions): Deleted {
  const before = scope.deps.reader.object(scope.resource, scope.version, entry)
  const { metadata } = before
  const unchanged =
    metadata.deletionTimestamp === next.metadata.deletionTimestamp &&
    metadata.deletionGracePeriodSeconds === next.metadata.deletionGracePeriodSeconds &&
    stringifyJson(metadata.finalizers) === stringifyJson(next.metadata.finalizers)
  if (unchanged || dryRun) return { object: next, gone: false, ...(unchanged && { entry }) }
  return { object: next, entry: scope.deps.store.update(entry.key, entry.revision, encoder(scope, next)), gone: false }
}

function markAsDeleting(metadata: ObjectMeta, now: Date): void {
  if (metadata.deletionTimestamp === undefined && (metadata.generation ?? 0) > 0) {
    metadata.generation = (metadata.generation ?? 0) + 1
  }
  metadata.deletionTimestamp ??= timestamp(now)
  metadata.deletionGracePeriodSeconds = 0
}

function checkPreconditions({ resource }: Scope, metadata: ObjectMeta, { preconditions }: DeletionOptions): void {
  const { uid, resourceVersion } = preconditions ?? {}
  // The kind stands where a resource is meant, as in kube-apiserver.
  const of = { group: resource.group, resource: resource.kind }
  const name = metadata.name ?? ''
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`
    throw StatusError.conflict(of, name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`
    throw StatusError.conflict(of, name, why)
  }
}
