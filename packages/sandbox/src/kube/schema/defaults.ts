import { deepClone, setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import type { Structural } from './structural.ts'

/** Fills in the defaults below `value`, in place; objects that a default made get theirs too. */
export function applyDefaults(value: JsonValue, node: Structural | undefined): void {
  if (node === undefined || !node.has.defaults || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) defaultItems(value, node.items)
  else defaultFields(value, node)
}

function defaultItems(list: JsonValue[], items: Structural | undefined): void {
  if (items === undefined) return
  list.forEach((item, index) => {
    if (item === null && !items.nullable && items.default !== undefined) list[index] = deepClone(items.default)
    applyDefaults(list[index] as JsonValue, items)
  })
}

function defaultFields(object: JsonObject, node: Structural): void {
  for (const [key, child] of node.properties ?? []) {
    if (child.default === undefined) continue
    if (!Object.hasOwn(object, key) || (object[key] === null && !child.nullable)) {
      setKey(object, key, deepClone(child.default))
    }
  }
  const additional = node.additional?.node
  for (const key of Object.keys(object)) {
    const child = node.properties?.get(key) ?? additional
    if (child === undefined) continue
    if (child === additional && object[key] === null && !child.nullable && child.default !== undefined) {
      setKey(object, key, deepClone(child.default))
    }
    applyDefaults(object[key] as JsonValue, child)
  }
}
