import { stringifyJson } from '@resource-broker/json'
import { isObject } from '../../json.ts'
import type { JsonValue, ManagedFieldsEntry } from '../../objects.ts'
import { type FieldSet, union } from './field-set.ts'
import { fromFieldsV1, toFieldsV1 } from './fields-v1.ts'
import { compareText } from './path-element.ts'

/** What one manager owns. */
export type Owner = {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly subresource: string
  readonly apiVersion: string
  readonly fields: FieldSet
  /** undefined when nothing was ever changed by it. */
  readonly time: string | undefined
}

/** Owners by their identity: what one manager applies is one, whatever the apiVersion; updates are one for each. */
export type Owners = ReadonlyMap<string, Owner>

/** managedFields that cannot be read. */
export class ManagedFieldsError extends Error {
  override readonly name = 'ManagedFieldsError'
}

/** Has the form of Go's JSON, since owners are sorted by it. */
export function ownerId({ manager, operation, apiVersion, subresource }: Omit<Owner, 'fields' | 'time'>): string {
  return stringifyJson({
    ...(manager !== '' && { manager }),
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  })
}

/** Reads `metadata.managedFields`, which may come from a client. Throws ManagedFieldsError. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  const owners = new Map<string, Owner>()
  for (const [index, entry] of (entries ?? []).entries()) {
    const owner = readOwner(entry, index)
    owners.set(ownerId(owner), owner)
  }
  return owners
}

function readOwner(given: ManagedFieldsEntry, index: number): Owner {
  const entry: { [field: string]: JsonValue | undefined } = isObject(given) ? given : {}
  const { manager = '', operation, apiVersion, fieldsType, fieldsV1, subresource = '', time } = entry
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new ManagedFieldsError('operation must be `Apply` or `Update`')
  }
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new ManagedFieldsError('apiVersion must not be empty')
  if (fieldsType === undefined || fieldsType === '') {
    throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`)
  }
  if (fieldsType !== 'FieldsV1') {
    throw new ManagedFieldsError(`invalid fieldsType ${stringifyJson(fieldsType)} in managed fields entry ${index}`)
  }
  return {
    manager: String(manager),
    operation,
    apiVersion,
    subresource: String(subresource),
    fields: readFields(fieldsV1),
    time: typeof time === 'string' ? time : undefined,
  }
}

function readFields(fields: JsonValue | undefined): FieldSet {
  try {
    return fromFieldsV1(fields)
  } catch (cause) {
    throw new ManagedFieldsError(`error decoding set: ${(cause as Error).message}`, { cause })
  }
}

/** Writes `metadata.managedFields`, in the server's order. */
export function writeOwners(owners: Owners): ManagedFieldsEntry[] {
  return [...owners.values()].sort(compareOwners).map(writeOwner)
}

function writeOwner({ manager, operation, apiVersion, time, fields, subresource }: Owner): ManagedFieldsEntry {
  return {
    ...(manager !== '' && { manager }),
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource !== '' && { subresource }),
  }
}

function compareOwners(a: Owner, b: Owner): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function secondsOf({ time }: Owner): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000)
}

const MAX_UPDATERS = 10
const BUCKET = 'ancient-changes'

/** Joins the oldest updates of an apiVersion until there are ten updaters at most. */
export function capUpdaters(owners: Owners): Owners {
  const updaters = [...owners].filter(([, { operation }]) => operation === 'Update')
  if (updaters.length <= MAX_UPDATERS) return owners
  updaters.sort(([idA, a], [idB, b]) => secondsOf(a) - secondsOf(b) || compareText(idA, idB))
  const result = new Map(owners)
  const firsts = new Map<string, string>()
  let count = updaters.length
  for (const [id, owner] of updaters) {
    if (count <= MAX_UPDATERS) break
    const { apiVersion, time } = owner
    const first = firsts.get(apiVersion)
    if (first === undefined) {
      firsts.set(apiVersion, id)
      continue
    }
    const bucket: Owner = {
      manager: BUCKET,
      operation: 'Update',
      apiVersion,
      subresource: '',
      fields: owner.fields,
      time,
    }
    const bucketId = ownerId(bucket)
    const known = result.get(bucketId) ?? result.get(first)
    if (!result.has(bucketId)) result.delete(first)
    result.set(bucketId, { ...bucket, fields: known === undefined ? owner.fields : union(owner.fields, known.fields) })
    result.delete(id)
    count--
  }
  return result
}
