import { isObject, setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { withoutNulls } from '../without-nulls.ts'
import { badFormat } from './patch-error.ts'

export const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
export const DELETE_FROM = '$deleteFromPrimitiveList'
export const SET_ORDER = '$setElementOrder'

/** The field that `$deleteFromPrimitiveList/field` or `$setElementOrder/field` is about. Throws PatchError. */
export function fieldOf(key: string, prefix: typeof DELETE_FROM | typeof SET_ORDER): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1)
  throw badFormat(prefix === DELETE_FROM ? 'primitive list' : 'setElementOrder list')
}

/** What a patch says about something that is not there yet, without nulls and directives; undefined when that is nothing. */
export function plainValue(patch: JsonValue): JsonValue | undefined {
  return withoutDirectives(withoutNulls(patch))
}

/** The value without the parts that have a directive; undefined when it has one itself. */
export function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, DIRECTIVE)) return undefined
  const result: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    const kept = withoutDirectives(member)
    if (kept !== undefined) setKey(result, key, kept)
  }
  return result
}

/** Clears what `$retainKeys` does not name. Throws PatchError when the patch sets a field that it does not name. */
export function retainKeys(original: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return
  const names = patch[RETAIN_KEYS]
  delete patch[RETAIN_KEYS]
  if (!Array.isArray(names)) throw badFormat('retainKeys')
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(DELETE_FROM) || key.startsWith(SET_ORDER)
    if (value !== null && !isDirective && !names.includes(key)) throw badFormat('retainKeys')
  }
  for (const key of Object.keys(original)) if (!names.includes(key)) delete original[key]
}
