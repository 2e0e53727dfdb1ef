import { isObject, setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { DELETE_FROM, DIRECTIVE, fieldOf, plainValue, retainKeys, SET_ORDER } from './directives.ts'
import { itemType } from './item-type.ts'
import { mergeList } from './merge-list.ts'
import { unknownDirective } from './patch-error.ts'
import type { PatchSchema } from './patch-schema.ts'
import { applyOrder } from './set-order.ts'

/** Merges a patch into `original`; both are changed. Throws PatchError. */
export function mergeMap(original: JsonObject, patch: JsonObject, schema: PatchSchema): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) return byDirective(patch)
  retainKeys(original, patch)
  for (const key of Object.keys(patch)) {
    // One order may have taken the list of another with it.
    if (key.startsWith(SET_ORDER) && Object.hasOwn(patch, key)) applyOrder(original, patch, { key, schema }, mergeMap)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) deleteFrom(original, fieldOf(key, DELETE_FROM), value, schema)
    else mergeField(original, key, value, schema)
  }
  return original
}

function byDirective(patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE]!
  if (directive === 'delete') return {}
  if (directive !== 'replace') throw unknownDirective(directive, patch)
  delete patch[DIRECTIVE]
  return patch
}

function mergeField(original: JsonObject, key: string, patch: JsonValue, schema: PatchSchema): void {
  if (patch === null) {
    delete original[key]
    return
  }
  const known = Object.hasOwn(original, key) ? original[key] : undefined
  if (isObject(known) && isObject(patch)) setKey(original, key, mergeMap(known, patch, schema.field(key).schema))
  else if (Array.isArray(known) && Array.isArray(patch)) {
    const field = schema.list(key)
    setKey(original, key, field.merge ? mergeList(known, patch, field, mergeMap) : patch)
  } else write(original, key, plainValue(patch))
}

function write(original: JsonObject, key: string, value: JsonValue | undefined): void {
  if (value === undefined) delete original[key]
  else setKey(original, key, value)
}

/** `$deleteFromPrimitiveList`: whatever the field's strategy. */
function deleteFrom(original: JsonObject, key: string, gone: JsonValue, schema: PatchSchema): void {
  if (gone === null) {
    delete original[key]
    return
  }
  const known = Object.hasOwn(original, key) ? original[key] : undefined
  if (!Array.isArray(known) || !Array.isArray(gone)) return
  const field = schema.list(key)
  if (known.length === 0 && gone.length === 0) return
  const isMaps = itemType(known, gone) === 'map'
  setKey(original, key, isMaps ? mergeList(known, gone, field, mergeMap) : known.filter((item) => !gone.includes(item)))
}
