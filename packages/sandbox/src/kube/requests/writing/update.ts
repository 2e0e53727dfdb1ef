import type { Entry } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import type { KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import { invalid } from '../../schema/field-errors.ts'
import { noRevision, parseRevision } from '../reading/revisions.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { dedupOwnerReferences } from '../validation/owner-references.ts'
import { warningsOf } from '../validation/warnings.ts'
import { visibleEntry } from '../visible-entry.ts'
import { admit, mutate } from './admission.ts'
import { finishCreate } from './create.ts'
import { ensureNamespace, fillSystemFields, ignoreManagedTimes, isSame, keepSystemFields } from './metadata.ts'
import { encoder, keyIn, markCluster, toStored, type Written } from './saving.ts'
import { dropUnstored, prepareForUpdate, validateChange } from './strategy.ts'

export type UpdateOptions = WriteOptions & {
  /** Whether an object that is not there is created although its type does not do so on update, as by server-side apply. */
  forceCreate?: boolean
  /** The object has to have this uid. */
  uid?: string
}

/**
 * Replaces an object by what `change` makes of it (a new object, managedFields included); without an old one it is created
 * where the type allows. Throws StatusError.
 */
export function updateObject(
  scope: Scope,
  name: string,
  change: (old: KubeObject | undefined) => KubeObject,
  options: UpdateOptions,
): Written {
  const { deps, resource, version } = scope
  const entry = visibleEntry(scope, name)
  if (entry === undefined) return createMissing(scope, name, change, options)
  const old = deps.reader.object(resource, version, entry)
  checkUid(scope, name, old, options.uid)
  const next = change(old)
  ensureNamespace(scope, next)
  mutate(scope, options, next, old)
  dedupOwnerReferences(next, options.warn, true)
  checkRevision(scope, name, next, entry)
  // Whoever validates the object sees which one it replaces.
  next.metadata.resourceVersion = String(entry.revision)
  return finishUpdate(scope, entry, next, old, options)
}

function createMissing(
  scope: Scope,
  name: string,
  change: (old: undefined) => KubeObject,
  options: UpdateOptions,
): Written {
  const { resource } = scope
  const allowed = resource.strategy.allowCreateOnUpdate === true || options.forceCreate === true
  if (!allowed || scope.subresource !== '') throw StatusError.notFound(resource, name)
  const next = change(undefined)
  ensureNamespace(scope, next)
  checkUid(scope, name, { metadata: {} } as KubeObject, options.uid)
  options.authorizeCreate()
  // Not earlier: who may not create cannot tell a hidden object from an absent one.
  if (scope.deps.store.get(keyIn(scope, name)) !== undefined) throw StatusError.notFound(resource, name)
  mutate(scope, options, next)
  dedupOwnerReferences(next, options.warn, true)
  fillSystemFields(scope, next)
  return finishCreate(scope, next, options)
}

function finishUpdate(scope: Scope, entry: Entry, given: KubeObject, old: KubeObject, options: UpdateOptions): Written {
  const { deps, resource } = scope
  const next = prepareForUpdate(scope, given, old)
  keepSystemFields(next, old)
  validateChange(scope, next, old, options)
  if (options.undecoded === true) dropUnstored(scope, next)
  for (const text of warningsOf(resource, next, old)) options.warn(text)
  markCluster(scope, next)
  const isManagedAsBefore = ignoreManagedTimes(next, old)
  admit(scope, options, next, old)
  if (isFinalized(resource, next, old)) {
    // The last change is not stored: watchers see the object as it was before, and the answer has its revision.
    if (!options.dryRun) deps.store.delete(entry.key, entry.revision, encoder(scope, old))
    next.metadata.resourceVersion = String(entry.revision)
    return { object: next, created: false }
  }
  // Where they differ something was changed, and there is no need to read the stored object once more.
  const unchanged = isManagedAsBefore && isAsStored(scope, next, entry)
  next.metadata.resourceVersion = String(entry.revision)
  if (unchanged || options.dryRun) return { object: next, created: false, ...(unchanged && { entry }) }
  return { object: next, entry: deps.store.update(entry.key, entry.revision, encoder(scope, next)), created: false }
}

function isAsStored(scope: Scope, next: KubeObject, entry: Entry): boolean {
  const { deps, resource } = scope
  const stored = deps.reader.object(resource, resource.versions.get(resource.storageVersion)!, entry)
  return isSame(toStored(scope, next), stored)
}

/** Whether this change took off the last thing that kept a deleted object. */
function isFinalized(resource: Resource, next: KubeObject, { metadata: old }: KubeObject): boolean {
  if ((next.metadata.finalizers ?? []).length > 0 || old.deletionTimestamp === undefined) return false
  if ((old.deletionGracePeriodSeconds ?? 0) !== 0) return false
  return !holdsContent(resource, next)
}

/** Namespaces have a second list of finalizers. */
export function holdsContent({ group, resource }: Resource, object: KubeObject): boolean {
  if (group !== '' || resource !== 'namespaces') return false
  const { finalizers = [] } = (object['spec'] ?? {}) as { finalizers?: string[] }
  return finalizers.length > 0
}

function checkUid(scope: Scope, name: string, { metadata }: KubeObject, uid: string | undefined): void {
  if (uid === undefined || uid === '' || uid === metadata.uid) return
  const { resource, namespace } = scope
  const prefix = resource.builtIn ? resource.resource : `${resource.group}/${resource.resource}`
  const key = `/registry/${prefix}/${resource.namespaced ? `${namespace}/` : ''}${name}`
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`
  throw StatusError.conflict(resource, name, text)
}

function checkRevision({ resource }: Scope, name: string, next: KubeObject, entry: Entry): void {
  const { resourceVersion = '' } = next.metadata
  if (resourceVersion === String(entry.revision)) return
  if (resourceVersion !== '' && parseRevision(resourceVersion) === undefined) throw noRevision(resourceVersion)
  if (resourceVersion !== '' && resourceVersion !== '0') {
    throw StatusError.stale(resource, name)
  }
  if (resource.strategy.allowUnconditionalUpdate === true) return
  const error = invalid('metadata.resourceVersion', 0, 'must be specified for an update')
  throw StatusError.invalid(resource.group, resource.resource, name, [error])
}
