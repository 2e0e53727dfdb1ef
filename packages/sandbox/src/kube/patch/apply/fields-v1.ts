import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { type FieldNode, type FieldSet, type FieldSetBuilder, joined, LEAF, sortedElements } from './field-set.ts'
import { PathElementError, readElement } from './path-element.ts'

const SELF = '.'

/** Writes a set as `fieldsV1`. */
export function toFieldsV1(set: FieldSet): JsonObject {
  return writeInto({}, set)
}

/** Path elements have a colon: none of them is `__proto__`. */
function writeInto(fields: JsonObject, set: FieldSet): JsonObject {
  for (const element of sortedElements(set)) {
    const { member, children } = set.get(element)!
    fields[element] = children === undefined ? {} : writeInto(member ? { [SELF]: {} } : {}, children)
  }
  return fields
}

/** Reads `fieldsV1`, which may come from a client. Throws PathElementError. */
export function fromFieldsV1(fields: JsonValue | undefined): FieldSet {
  return read(fields ?? {}).children ?? new Map()
}

/** An object that names no children stands for a member. */
function read(fields: JsonValue): FieldNode {
  if (!isObject(fields)) throw new PathElementError('fields are no object')
  const children: FieldSetBuilder = new Map()
  let member = false
  for (const [key, value] of Object.entries(fields)) {
    if (key === SELF) member = true
    else {
      const element = readElement(key)
      if (element === undefined) continue
      const child = read(value)
      const known = children.get(element)
      children.set(element, known === undefined ? child : joined(known, child))
    }
  }
  return children.size === 0 ? LEAF : { member, children }
}
