import { difference, EMPTY, type FieldSet, intersection, union } from './field-set.ts'
import type { Owner, Owners } from './managed.ts'
import { ownedFields, withNamedFields } from './owned-fields.ts'
import { removeFields } from './remove.ts'
import type { Versioned, Versions } from './versions.ts'

/**
 * Takes from a merged object what its applier applied the last time, does not apply any more, and nobody else owns.
 * `owners` has what the applier owns now.
 */
export function prune(merged: Versioned, last: Owner, owners: Owners, versions: Versions): Versioned {
  const { apiVersion } = last
  const type = versions.typeOf(apiVersion)
  if (last.fields.size === 0 || type === undefined) return merged
  const whole = versions.convert(merged, apiVersion)
  const lastFields = withNamedFields(last.fields, type)
  const bare = { object: removeFields(whole.object, lastFields, type), apiVersion }
  const owned = addBackOwned(whole, bare, owners, versions)
  const pruned = versions.convert(owned, apiVersion)
  const all = withNamedFields(ownedFields(whole.object, type), type)
  const kept = withNamedFields(ownedFields(pruned.object, type), type)
  // What disappeared with something else, but was not applied the last time, stays.
  const gone = intersection(difference(all, kept), lastFields)
  return versions.convert({ object: removeFields(whole.object, gone, type), apiVersion }, merged.apiVersion)
}

/** Puts back what others own, or the applier itself by what it applies now. */
function addBackOwned(merged: Versioned, bare: Versioned, owners: Owners, versions: Versions): Versioned {
  const owned = new Map<string, FieldSet>()
  for (const { apiVersion, fields } of owners.values()) {
    owned.set(apiVersion, union(owned.get(apiVersion) ?? EMPTY, fields))
  }
  let [whole, pruned] = [merged, bare]
  // The version of the last application first: others may need for their conversion what was pruned.
  for (const apiVersion of new Set([bare.apiVersion, ...owned.keys()])) {
    const [type, fields] = [versions.typeOf(apiVersion), owned.get(apiVersion)]
    if (type === undefined || fields === undefined) continue
    whole = versions.convert(whole, apiVersion)
    const all = withNamedFields(ownedFields(whole.object, type), type)
    const kept = withNamedFields(ownedFields(versions.convert(pruned, apiVersion).object, type), type)
    const gone = difference(all, union(kept, withNamedFields(fields, type)))
    pruned = { object: removeFields(whole.object, gone, type), apiVersion }
  }
  return pruned
}
