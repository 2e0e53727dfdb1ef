import { setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { EMPTY, type FieldSet } from './field-set.ts'
import { fieldElement } from './path-element.ts'
import { type FieldType, fieldType, type ListType, type MapType } from './typed-schema.ts'
import { asList, asMap, itemElement, shapeOf } from './values.ts'

/** The object without these fields; what becomes empty by that becomes null. */
export function removeFields(object: JsonObject, fields: FieldSet, type: FieldType): JsonObject {
  if (fields.size === 0) return object
  return asMap(removeFrom(object, fields, type)) ?? {}
}

function removeFrom(value: JsonValue, fields: FieldSet, { atom }: FieldType): JsonValue {
  const shape = shapeOf(atom, value)
  if (shape === 'map') return removeFromMap(value, fields, atom.map!)
  return shape === 'list' ? removeFromList(value, fields, atom.list!) : value
}

function removeFromMap(value: JsonValue, fields: FieldSet, type: MapType): JsonValue {
  const map = asMap(value)
  if (map === undefined || type.atomic) return null
  const result: JsonObject = {}
  let size = 0
  for (const [key, member] of Object.entries(map)) {
    const node = fields.get(fieldElement(key))
    if (node?.member === true) continue
    const memberType = fieldType(type, key)
    const kept =
      node === undefined || memberType === undefined ? member : removeFrom(member, node.children ?? EMPTY, memberType)
    setKey(result, key, kept)
    size++
  }
  return size === 0 ? null : result
}

function removeFromList(value: JsonValue, fields: FieldSet, type: ListType): JsonValue {
  const list = asList(value)
  if (list === undefined || !type.associative) return null
  const result: JsonValue[] = []
  for (const item of list) {
    const node = fields.get(itemElement(type, item))
    if (node === undefined) result.push(item)
    else if (!node.member) result.push(removeFrom(item, node.children ?? EMPTY, type.element))
  }
  return result.length === 0 ? null : result
}
