import { deepEqual } from '../../json.ts'
import type { JsonObject } from '../../objects.ts'
import { type Comparison, compare } from './compare.ts'
import { difference, EMPTY, type FieldSet, intersection, recursiveDifference, union } from './field-set.ts'
import type { Owner, Owners } from './managed.ts'
import { mergeApplied } from './merge.ts'
import { ownedFields } from './owned-fields.ts'
import { prune } from './prune.ts'
import { reconcileWithSchema } from './reconcile.ts'
import type { FieldType } from './typed-schema.ts'
import type { Versioned, Versions } from './versions.ts'

/** A change that would take fields from other appliers or updaters, by owner. */
export class OwnershipConflict extends Error {
  override readonly name = 'OwnershipConflict'
  readonly conflicts: ReadonlyMap<string, { owner: Owner; fields: FieldSet }>

  constructor(conflicts: ReadonlyMap<string, { owner: Owner; fields: FieldSet }>) {
    super('fields are owned by others')
    this.conflicts = conflicts
  }
}

type Request = { live: JsonObject; versions: Versions; owners: Owners }

/** Who owns what after an update from `live` to `next`, and what the update itself came to own. Throws ItemError. */
export function ownersAfterUpdate(
  { live, versions, owners }: Request,
  next: JsonObject,
): { owners: Owners; taken: FieldSet } {
  const reconciled = reconcileOwners(owners, versions)
  const after = compareForOwners(live, next, versions)
  const { removed, modified, added } = after.of(versions.apiVersion)!
  const others = release(reconciled, undefined, after, true)
  // What it removed it never had: it starts with nothing.
  const taken = difference(union(modified, added), removed)
  return { owners: others, taken: recursiveDifference(taken, versions.resetFields(versions.apiVersion)) }
}

/** The applier's identity and what it says. */
export type Application = { id: string; owner: Omit<Owner, 'fields' | 'time'>; config: JsonObject; force: boolean }

/**
 * The object and the owners after an application; `object` is undefined where it changes nothing. Throws OwnershipConflict,
 * ItemError.
 */
export function ownersAfterApply(
  { live, versions, owners }: Request,
  { id, owner, config, force }: Application,
): { owners: Owners; object: JsonObject | undefined } {
  const { apiVersion } = versions
  const type = versions.typeOf(apiVersion)!
  const reconciled = reconcileOwners(owners, versions)
  const merged: Versioned = { object: mergeApplied(live, config, type), apiVersion }
  const fields = recursiveDifference(ownedFields(config, type), versions.resetFields(apiVersion))
  const last = reconciled.get(id)
  const claimed = new Map(reconciled)
  claimed.set(id, { ...owner, fields, time: last?.time })
  const pruned = last === undefined ? merged : prune(merged, last, claimed, versions)
  const after = compareForOwners(live, pruned.object, versions)
  const left = release(claimed, id, after, force)
  return { owners: left, object: deepEqual(live, pruned.object) ? undefined : pruned.object }
}

function reconcileOwners(owners: Owners, versions: Versions): Owners {
  const result = new Map<string, Owner>()
  for (const [id, owner] of owners) {
    const type = versions.typeOf(owner.apiVersion)
    if (type === undefined) continue
    const fields = reconcileWithSchema(owner.fields, type)
    result.set(id, fields === owner.fields ? owner : { ...owner, fields })
  }
  return result
}

/** The comparison in each version that is asked for, without the fields that the request does not change. */
type Comparisons = { of: (apiVersion: string) => Comparison | undefined }

function compareForOwners(before: JsonObject, after: JsonObject, versions: Versions): Comparisons {
  const known = new Map<string, Comparison>()
  const { apiVersion: given } = versions
  const compareIn = (apiVersion: string, type: FieldType): Comparison => {
    const old = versions.convert({ object: before, apiVersion: given }, apiVersion)
    const next = versions.convert({ object: after, apiVersion: given }, apiVersion)
    return without(compare(old.object, next.object, type), versions.resetFields(apiVersion))
  }
  return {
    of(apiVersion) {
      const type = versions.typeOf(apiVersion)
      if (type === undefined) return undefined
      const comparison = known.get(apiVersion) ?? compareIn(apiVersion, type)
      known.set(apiVersion, comparison)
      return comparison
    },
  }
}

function without({ removed, modified, added }: Comparison, fields: FieldSet): Comparison {
  return {
    removed: recursiveDifference(removed, fields),
    modified: recursiveDifference(modified, fields),
    added: recursiveDifference(added, fields),
  }
}

/** Takes from all owners but `self` what changed. Throws OwnershipConflict unless `force`. */
function release(owners: Owners, self: string | undefined, after: Comparisons, force: boolean): Owners {
  const result = new Map(owners)
  const conflicts = new Map<string, { owner: Owner; fields: FieldSet }>()
  for (const [id, owner] of owners) {
    if (id === self) continue
    const comparison = after.of(owner.apiVersion)
    if (comparison === undefined) {
      result.delete(id)
      continue
    }
    const fields = intersection(owner.fields, union(comparison.modified, comparison.added))
    if (fields.size > 0) conflicts.set(id, { owner, fields })
    const left = difference(difference(owner.fields, fields), comparison.removed)
    if (left !== owner.fields) result.set(id, { ...owner, fields: left })
  }
  if (!force && conflicts.size > 0) throw new OwnershipConflict(conflicts)
  for (const [id, { fields }] of result) if (fields === EMPTY || fields.size === 0) result.delete(id)
  return result
}
