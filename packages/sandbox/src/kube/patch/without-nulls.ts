import { isObject, setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'

/** A copy without the members that are null, at any depth; nulls that are items of lists stay. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const result: JsonObject = {}
  for (const [key, member] of Object.entries(value)) if (member !== null) setKey(result, key, withoutNulls(member))
  return result
}
