import { type FieldNode, type FieldSet, type FieldSetBuilder, LEAF } from './field-set.ts'
import { fieldName } from './path-element.ts'
import { type FieldType, fieldType, isDeducedMap } from './typed-schema.ts'

/** Fields that were owned in parts and are of a type now that is owned as a whole become owned so; else the same set. */
export function reconcileWithSchema(set: FieldSet, type: FieldType): FieldSet {
  const { map, scalar, list } = type.atom
  if (map !== undefined)
    return isDeducedMap(map)
      ? set
      : reconcileEach(set, (name) => (name === undefined ? undefined : fieldType(map, name)))
  return scalar !== undefined || list === undefined ? set : reconcileEach(set, () => list.element)
}

function reconcileEach(set: FieldSet, typeOf: (name: string | undefined) => FieldType | undefined): FieldSet {
  let result: FieldSetBuilder | undefined
  for (const [element, node] of set) {
    const type = typeOf(fieldName(element))
    const reconciled = type === undefined ? node : reconcileNode(node, type)
    if (reconciled === node) continue
    result ??= new Map(set)
    result.set(element, reconciled)
  }
  return result ?? set
}

function reconcileNode(node: FieldNode, type: FieldType): FieldNode {
  const { children } = node
  if (children === undefined) return node
  const { map, scalar, list } = type.atom
  if (map !== undefined) {
    if (isDeducedMap(map)) return node
    if (map.atomic) return LEAF
  } else if (scalar !== undefined || list === undefined) return node
  else if (!list.associative) return LEAF
  const reconciled = reconcileWithSchema(children, type)
  return reconciled === children ? node : { ...node, children: reconciled }
}
