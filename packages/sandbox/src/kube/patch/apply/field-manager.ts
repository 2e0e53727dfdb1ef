import type { JsonObject } from '../../objects.ts'
import { timestamp } from '../../timestamp.ts'
import { difference, type FieldSet, fieldSetOf, union } from './field-set.ts'
import { capUpdaters, type Owner, type Owners, ownerId } from './managed.ts'
import { fieldElement } from './path-element.ts'
import { ownersAfterUpdate } from './updater.ts'
import type { Versions } from './versions.ts'

const META = [
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields'],
  'resourceVersion',
]
/** What every object has to have, or what the server alone sets, is owned by nobody. */
const STRIPPED = fieldSetOf(
  ...[['apiVersion'], ['kind'], ['metadata'], ...META.map((name) => ['metadata', name])].map((path) =>
    path.map(fieldElement),
  ),
)

export const withoutMeta = (fields: FieldSet): FieldSet => difference(fields, STRIPPED)

/** Who changes an object, and when. */
export type Updater = { manager: string; subresource: string; now: Date }

/** Owners after an update, which joins what the same manager owned by updates before. Throws ItemError. */
export function trackUpdate(
  request: { live: JsonObject; versions: Versions; owners: Owners },
  next: JsonObject,
  { manager, subresource, now }: Updater,
): Owners {
  const { apiVersion } = request.versions
  const { owners, taken } = ownersAfterUpdate(request, next)
  const fields = withoutMeta(taken)
  if (fields.size === 0) return capUpdaters(owners)
  const owner: Owner = {
    ...{ manager: manager === '' ? 'unknown' : manager, operation: 'Update', subresource, apiVersion },
    fields,
    time: timestamp(now),
  }
  const id = ownerId(owner)
  const before = owners.get(id)
  const result = new Map(owners)
  result.set(id, before === undefined ? owner : { ...owner, fields: union(fields, before.fields) })
  return capUpdaters(result)
}
