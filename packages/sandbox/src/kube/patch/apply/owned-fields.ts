import type { JsonValue } from '../../objects.ts'
import { EMPTY, type FieldNode, type FieldSet, type FieldSetBuilder, LEAF, nodeOf, put } from './field-set.ts'
import { fieldElement, fieldName, isKeyElement, type PathElement } from './path-element.ts'
import { type FieldType, fieldType, type ListType, type MapType } from './typed-schema.ts'
import { asList, asMap, isEmptyMap, itemElement, shapeOf } from './values.ts'

/** The fields that whoever applies `object` comes to own. */
export function ownedFields(object: JsonValue, type: FieldType): FieldSet {
  return nodeOfValue(object, type)?.children ?? EMPTY
}

function nodeOfValue(value: JsonValue, { atom }: FieldType): FieldNode | undefined {
  const shape = shapeOf(atom, value)
  if (shape === 'map') return nodeOfMap(value, atom.map!)
  return shape === 'list' ? nodeOfList(value, atom.list!) : LEAF
}

function nodeOfMap(value: JsonValue, type: MapType): FieldNode | undefined {
  if (type.atomic) return LEAF
  const set: FieldSetBuilder = new Map()
  for (const [key, member] of Object.entries(asMap(value) ?? {})) {
    const memberType = fieldType(type, key)
    if (memberType === undefined) continue
    const node = nodeOfValue(member, memberType)
    const isBare = member === null || (asMap(member) !== undefined && isEmptyMap(asMap(member)))
    const isSelf = isBare || !type.fields.has(key) || node?.member === true
    put(set, fieldElement(key), nodeOf(isSelf, node?.children))
  }
  return nodeOf(false, set)
}

function nodeOfList(value: JsonValue, type: ListType): FieldNode | undefined {
  if (!type.associative) return LEAF
  const set: FieldSetBuilder = new Map()
  for (const item of asList(value) ?? []) {
    const element = itemElement(type, item)
    // Of items that stand there twice, only that they are there.
    put(set, element, set.has(element) ? LEAF : nodeOf(true, nodeOfValue(item, type.element)?.children))
  }
  return nodeOf(false, set)
}

/** The set with those named fields as members that have members below: `spec` with `spec.size`, but no keys of maps. */
export function withNamedFields(set: FieldSet, type: FieldType | undefined): FieldSet {
  const result: FieldSetBuilder = new Map()
  for (const [element, { member, children }] of set) {
    const name = fieldName(element)
    const isNamed = children !== undefined && name !== undefined && type?.atom.map?.fields.has(name) === true
    const below = children && withNamedFields(children, childType(element, type))
    result.set(element, { member: member || isNamed, children: below })
  }
  return result
}

function childType(element: PathElement, type: FieldType | undefined): FieldType | undefined {
  const name = fieldName(element)
  if (name !== undefined && type?.atom.map !== undefined) return fieldType(type.atom.map, name)
  return isKeyElement(element) ? type?.atom.list?.element : undefined
}
