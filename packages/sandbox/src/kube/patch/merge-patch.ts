import { StatusError } from '../errors.ts'
import { deepClone, getKey, isObject, setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { goTypeOf } from './errors.ts'
import { withoutNulls } from './without-nulls.ts'

/**
 * Applies an RFC 7386 patch as kube-apiserver does: unlike the RFC, it also takes nulls out of objects in lists, where such a
 * list does not stand in place of an object. Throws StatusError 400 for what is no object.
 */
export function mergePatch(target: JsonObject, patch: JsonValue): JsonObject {
  if (patch === null) throw StatusError.badRequest('Invalid JSON Patch')
  if (!isObject(patch)) {
    throw StatusError.badRequest(
      `error decoding patch: json: cannot unmarshal ${goTypeOf(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return mergeObjects(target, patch)
}

function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = {}
  for (const [key, value] of Object.entries(target)) {
    if (!Object.hasOwn(patch, key)) setKey(result, key, deepClone(value))
    else if (patch[key] !== null) setKey(result, key, mergeValues(value, patch[key]!))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && getKey(target, key) === undefined) setKey(result, key, withoutNulls(value))
  }
  return result
}

function mergeValues(value: JsonValue, patch: JsonValue): JsonValue {
  if (!isObject(value)) return withoutNulls(patch)
  return isObject(patch) ? mergeObjects(value, patch) : deepClone(patch)
}
