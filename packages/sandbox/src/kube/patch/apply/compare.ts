import { deepEqual } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { EMPTY, type FieldNode, type FieldSet, type FieldSetBuilder, joined, LEAF, nodeOf } from './field-set.ts'
import { fieldElement, type PathElement } from './path-element.ts'
import { type FieldType, fieldType, type ListType, type MapType } from './typed-schema.ts'
import { asList, asMap, isEmptyMap, itemElement, type Shape, shapeOf } from './values.ts'

/** What changed between two objects. No field is in two of the sets. */
export type Comparison = { readonly removed: FieldSet; readonly modified: FieldSet; readonly added: FieldSet }

type Side = 'removed' | 'modified' | 'added'
type Difference = { readonly [side in Side]?: FieldNode | undefined }
type Value = JsonValue | undefined

const SIDES: readonly Side[] = ['removed', 'modified', 'added']

/** Compares two objects of a type. Throws ItemError for lists whose items cannot be told apart. */
export function compare(before: JsonValue, after: JsonValue, type: FieldType): Comparison {
  const difference = compareValues(before, after, type)
  return {
    removed: difference?.removed?.children ?? EMPTY,
    modified: difference?.modified?.children ?? EMPTY,
    added: difference?.added?.children ?? EMPTY,
  }
}

/** undefined where nothing changed. At least one of the values is there. */
function compareValues(before: Value, after: Value, type: FieldType): Difference | undefined {
  if (before === after) return undefined
  if (before === undefined) return { added: wholeNode(after!, type) }
  if (after === undefined) return { removed: wholeNode(before, type) }
  const { atom } = type
  const shape = shapeOf(atom, before)
  const shapeAfter = shapeOf(atom, after)
  const difference = compareAs(shapeAfter, before, after, type)
  return shape === shapeAfter ? difference : both(compareAs(shape, before, after, type), difference)
}

/** What is there on one side only, with all that it holds. */
function wholeNode(value: JsonValue, { atom }: FieldType): FieldNode {
  const shape = shapeOf(atom, value)
  if (shape === 'map') return wholeMap(asMap(value), atom.map!)
  return shape === 'list' ? wholeList(asList(value), atom.list!) : LEAF
}

function wholeMap(map: JsonObject | undefined, type: MapType): FieldNode {
  if (type.atomic || map === undefined) return LEAF
  const children: FieldSetBuilder = new Map()
  for (const key of Object.keys(map)) {
    const of = fieldType(type, key)
    if (of !== undefined && map[key] !== undefined) children.set(fieldElement(key), wholeNode(map[key], of))
  }
  return children.size === 0 ? LEAF : { member: true, children }
}

function wholeList(list: readonly JsonValue[] | undefined, type: ListType): FieldNode {
  if (!type.associative || list === undefined || list.length === 0) return LEAF
  const children: FieldSetBuilder = new Map()
  for (const item of list) {
    const element = itemElement(type, item)
    children.set(element, children.has(element) ? LEAF : wholeNode(item, type.element))
  }
  return { member: true, children }
}

/** A value that became another kind of value is compared as both. */
function both(a: Difference | undefined, b: Difference | undefined): Difference | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const builder = new Builder()
  const root = fieldElement('')
  builder.put(root, a)
  builder.put(root, b)
  const { removed, modified, added } = builder.sets()
  return { removed: removed.get(root), modified: modified.get(root), added: added.get(root) }
}

function compareAs(
  shape: Shape | undefined,
  before: JsonValue,
  after: JsonValue,
  { atom }: FieldType,
): Difference | undefined {
  if (shape === 'map') return compareMaps(before, after, atom.map!)
  return shape === 'list' ? compareLists(before, after, atom.list!) : compareLeaves(before, after)
}

const REMOVED: Difference = { removed: LEAF }
const MODIFIED: Difference = { modified: LEAF }
const ADDED: Difference = { added: LEAF }

function compareLeaves(before: JsonValue, after: JsonValue): Difference | undefined {
  return deepEqual(before, after) ? undefined : MODIFIED
}

function compareMaps(before: JsonValue, after: JsonValue, type: MapType): Difference | undefined {
  const [old, next] = [asMap(before), asMap(after)]
  if (type.atomic || (isEmptyMap(old) && isEmptyMap(next))) return compareLeaves(before, after)
  const builder = new Builder()
  for (const key of Object.keys(old ?? {})) {
    const other = next !== undefined && Object.hasOwn(next, key) ? next[key] : undefined
    compareField(builder, key, old![key], other, type)
  }
  for (const key of Object.keys(next ?? {})) {
    if (old === undefined || !Object.hasOwn(old, key)) compareField(builder, key, undefined, next![key], type)
  }
  return builder.difference()
}

function compareField(builder: Builder, key: string, before: Value, after: Value, map: MapType): void {
  const type = fieldType(map, key)
  if (type === undefined || (before === undefined && after === undefined)) return
  builder.put(fieldElement(key), compareValues(before, after, type))
}

function compareLists(before: JsonValue, after: JsonValue, type: ListType): Difference | undefined {
  const [old, next] = [asList(before) ?? [], asList(after) ?? []]
  if (!type.associative || (old.length === 0 && next.length === 0)) return compareLeaves(before, after)
  const [oldItems, nextItems] = [grouped(old, type), grouped(next, type)]
  const builder = new Builder()
  for (const element of new Set([...oldItems.keys(), ...nextItems.keys()])) {
    compareItems(builder, element, oldItems.get(element) ?? [], nextItems.get(element) ?? [], type.element)
  }
  return builder.difference()
}

function grouped(items: readonly JsonValue[], type: ListType): Map<PathElement, JsonValue[]> {
  const groups = new Map<PathElement, JsonValue[]>()
  for (const item of items) {
    const element = itemElement(type, item)
    const group = groups.get(element)
    if (group === undefined) groups.set(element, [item])
    else group.push(item)
  }
  return groups
}

/** Items that stand in a list more than once are compared as one value. */
function compareItems(
  builder: Builder,
  element: PathElement,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  type: FieldType,
): void {
  if (before.length <= 1 && after.length <= 1) {
    builder.put(element, compareValues(before[0], after[0], type))
  } else if (before.length > 1 && after.length > 1) {
    if (!deepEqual(before, after)) builder.put(element, MODIFIED)
  } else if (before.length > 1) {
    if (after.length > 0) builder.put(element, compareValues(undefined, after[0], type))
    builder.put(element, REMOVED)
  } else {
    if (before.length > 0) builder.put(element, compareValues(before[0], undefined, type))
    builder.put(element, ADDED)
  }
}

class Builder {
  readonly #sets: { [side in Side]?: FieldSetBuilder } = {}

  put(element: PathElement, difference: Difference | undefined): void {
    if (difference === undefined) return
    for (const side of SIDES) {
      const node = difference[side]
      if (node === undefined) continue
      this.#sets[side] ??= new Map()
      const set = this.#sets[side]
      const known = set.get(element)
      set.set(element, known === undefined ? node : joined(known, node))
    }
  }

  sets(): { readonly [side in Side]: FieldSet } {
    const { removed = EMPTY, modified = EMPTY, added = EMPTY } = this.#sets
    return { removed, modified, added }
  }

  difference(): Difference | undefined {
    const { removed, modified, added } = this.#sets
    if (removed === undefined && modified === undefined && added === undefined) return undefined
    return { removed: nodeOf(false, removed), modified: nodeOf(false, modified), added: nodeOf(false, added) }
  }
}
