import { randomUUID } from 'node:crypto'
import { StatusError } from '../../errors.ts'
import { deepEqual } from '../../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../../objects.ts'
import { timestamp } from '../../timestamp.ts'
import type { Scope } from '../scope.ts'

/** Takes from a new object what only the server sets. */
export function wipeSystemFields({ metadata }: KubeObject): void {
  delete metadata.creationTimestamp
  delete metadata.uid
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete (metadata as { selfLink?: string }).selfLink
}

export function fillSystemFields({ deps: { now, draw } }: Scope, { metadata }: KubeObject): void {
  metadata.creationTimestamp = timestamp(now())
  metadata.uid = draw('uid', randomUUID)
}

/** Gives an object the namespace of the request. Throws StatusError 400 when it names another. */
export function ensureNamespace({ resource, namespace }: Scope, { metadata }: KubeObject): void {
  if (!resource.namespaced) delete metadata.namespace
  else if ((metadata.namespace ?? '') === '') metadata.namespace = namespace
  else if (metadata.namespace !== namespace) {
    throw StatusError.badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
}

/** What an update cannot change is as it was. */
export function keepSystemFields({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  if ((metadata.uid ?? '') === '' && old.uid !== undefined) metadata.uid = old.uid
  if (old.creationTimestamp !== undefined) metadata.creationTimestamp = old.creationTimestamp
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp
  if (old.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
  }
  delete (metadata as { selfLink?: string }).selfLink
}

/** An update that changes nothing but the times of managedFields changes nothing. Answers whether managedFields are as they were. */
export function ignoreManagedTimes(next: KubeObject, old: KubeObject): boolean {
  if (deepEqual(next.metadata.managedFields ?? [], old.metadata.managedFields ?? [])) return true
  if (!deepEqual(withoutTimes(next), withoutTimes(old))) return false
  next.metadata.managedFields = old.metadata.managedFields ?? []
  return true
}

function withoutTimes(object: KubeObject): object {
  const { resourceVersion: _, managedFields = [], ...metadata } = object.metadata
  const timeless = managedFields.map(({ time: _time, ...entry }: ManagedFieldsEntry) => entry)
  return { ...object, metadata: { ...metadata, managedFields: timeless } }
}

/** Whether the names and values are equal to those in the store, where empty and absent managedFields are the same. */
export function isSame(next: KubeObject, old: KubeObject): boolean {
  return deepEqual(comparable(next), comparable(old))
}

function comparable(object: KubeObject): object {
  const { resourceVersion: _, managedFields, ...metadata } = object.metadata
  return { ...object, metadata: managedFields?.length ? { ...metadata, managedFields } : metadata }
}
