import { StatusError } from '../../errors.ts'
import { deepClone, isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import type { ObjectSchema } from '../../schema/types.ts'
import { goTypeOf } from '../errors.ts'
import { mergeMap } from './merge-map.ts'
import { PatchError, toStatusError } from './patch-error.ts'
import { PatchSchema } from './patch-schema.ts'

/**
 * Applies a strategic merge patch to an object of a built-in type, whose `schema` says which lists are merged, with the
 * directives `$patch`, `$retainKeys`, `$setElementOrder/...` and `$deleteFromPrimitiveList/...`. Throws StatusError.
 */
export function strategicMergePatch(target: JsonObject, patch: JsonValue, schema: ObjectSchema): JsonObject {
  if (patch === null) return deepClone(target)
  if (!isObject(patch)) {
    throw StatusError.badRequest(
      `json: cannot unmarshal ${goTypeOf(patch)} into Go value of type map[string]interface {}`,
    )
  }
  try {
    return mergeMap(deepClone(target), deepClone(patch), new PatchSchema(schema, kindOf(target)))
  } catch (error) {
    if (error instanceof PatchError) throw toStatusError(error)
    throw error
  }
}

function kindOf({ kind }: JsonObject): string {
  return typeof kind === 'string' ? kind : ''
}
