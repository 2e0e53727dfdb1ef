import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { decodeBuiltIn } from '../../schema/mod.ts'

const TEXTS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp']
const MAPS = ['labels', 'annotations']

/**
 * Why the metadata of a custom resource cannot be decoded, in Go's words; undefined when it can. Drops nulls, in place, as
 * decoding into Go's ObjectMeta does.
 */
export function metadataTypeError(object: JsonObject): string | undefined {
  const metadata = object['metadata'] ?? null
  if (metadata === null) {
    object['metadata'] = {}
    return undefined
  }
  if (isObject(metadata) && looksRight(metadata)) {
    dropEmpty(metadata)
    return undefined
  }
  if (!isObject(metadata)) {
    return `json: cannot unmarshal ${kindOf(metadata)} into Go value of type v1.ObjectMeta`
  }
  // Any kind with metadata will do: what is wanted is the message, which names the kind where it shall name ObjectMeta.
  const { error, object: decoded } = decodeBuiltIn({ metadata }, { group: '', version: 'v1', kind: 'ConfigMap' })
  if (error === undefined) object['metadata'] = decoded['metadata'] ?? {}
  return error?.replace(/Go struct field \w+\.metadata\./, 'Go struct field ObjectMeta.')
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Go's ObjectMeta leaves out what is empty. */
function dropEmpty(metadata: JsonObject): void {
  for (const [key, value] of Object.entries(metadata)) {
    const empty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
    if (empty && key !== 'managedFields') delete metadata[key]
  }
}

function looksRight(metadata: JsonObject): boolean {
  for (const key of TEXTS) if (metadata[key] !== undefined && typeof metadata[key] !== 'string') return false
  for (const key of MAPS) if (metadata[key] !== undefined && !isTextMap(metadata[key])) return false
  const { generation, deletionGracePeriodSeconds, finalizers, ownerReferences, managedFields } = metadata
  if (generation !== undefined && !Number.isSafeInteger(generation)) return false
  if (deletionGracePeriodSeconds !== undefined && !Number.isSafeInteger(deletionGracePeriodSeconds)) return false
  if (finalizers !== undefined && !isListOf(finalizers, (each) => typeof each === 'string')) return false
  if (ownerReferences !== undefined && !isListOf(ownerReferences, isPlain)) return false
  return managedFields === undefined || isListOf(managedFields, isObject)
}

function isTextMap(value: JsonValue): boolean {
  return isObject(value) && Object.values(value).every((each) => typeof each === 'string')
}

function isListOf(value: JsonValue, test: (item: JsonValue) => boolean): boolean {
  return Array.isArray(value) && value.every(test)
}

function isPlain(value: JsonValue): boolean {
  return isObject(value) && Object.values(value).every((each) => typeof each === 'string' || typeof each === 'boolean')
}
