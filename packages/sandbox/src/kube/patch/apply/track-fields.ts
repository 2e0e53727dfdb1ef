import type { JsonObject, KubeObject, ManagedFieldsEntry } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import type { ObjectSchema } from '../../schema/types.ts'
import { emptyObject } from './empty-object.ts'
import { trackUpdate } from './field-manager.ts'
import { ManagedFieldsError, type Owners, readOwners, writeOwners } from './managed.ts'
import { ItemError } from './values.ts'
import { Versions } from './versions.ts'

export type Tracking = {
  /** undefined for a create. */
  old?: KubeObject | undefined
  /** As the client wants it; its managedFields may be the client's, too. */
  next: KubeObject
  /** Empty for `unknown`. */
  manager: string
  subresource: string
  now: Date
  /** The version of the request. */
  apiVersion: string
  /** Of that version. */
  schema: ObjectSchema
  /** Tells about other versions, and what a subresource does not change; without it, all versions are alike. */
  resource?: Resource
}

/**
 * `metadata.managedFields` after a create, an update or a patch other than apply, as kube-apiserver tracks them: fields that
 * changed are the manager's, whoever had them. Nothing is tracked for an object of which nothing was ever tracked, nor for
 * one whose lists do not fit its schema.
 */
export function trackFields(tracking: Tracking): ManagedFieldsEntry[] {
  const { old, next, manager, subresource, now, apiVersion, schema, resource } = tracking
  const owners = ownersBefore(tracking)
  if (owners.size === 0 && (old?.metadata.uid ?? '') !== '') return []
  const versions = new Versions(apiVersion, schema, resource, subresource)
  const live = old === undefined ? emptyObject(apiVersion, next.kind) : withoutManagedFields(old)
  const given = withoutManagedFields(next)
  try {
    return writeOwners(trackUpdate({ live, versions, owners }, given, { manager, subresource, now }))
  } catch (error) {
    if (error instanceof ItemError) return []
    throw error
  }
}

/** A client may hand in managedFields, reset them by an empty list, or leave them out; not by a subresource. */
function ownersBefore({ old, next, subresource, resource }: Tracking): Owners {
  const before = () => readable(old?.metadata.managedFields) ?? new Map()
  if (subresource !== '') return before()
  const { managedFields } = next.metadata
  if (Array.isArray(managedFields) && isReset(managedFields, resource)) return new Map()
  const given = readable(managedFields)
  return given === undefined || given.size === 0 ? before() : given
}

function isReset(entries: readonly ManagedFieldsEntry[], resource: Resource | undefined): boolean {
  const [first] = entries
  // The decoder of custom resources loses an empty list.
  if (first === undefined) return resource === undefined || resource.builtIn
  return entries.length === 1 && Object.keys(first ?? {}).length === 0
}

function readable(entries: readonly ManagedFieldsEntry[] | undefined): Owners | undefined {
  try {
    return readOwners(entries)
  } catch (error) {
    if (error instanceof ManagedFieldsError) return undefined
    throw error
  }
}

/** They own nothing of themselves. */
export function withoutManagedFields(object: KubeObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata } as JsonObject
}
