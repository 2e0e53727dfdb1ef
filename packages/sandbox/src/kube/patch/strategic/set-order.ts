import { isObject, setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { goPlain } from '../go-print.ts'
import { DIRECTIVE, fieldOf, SET_ORDER, withoutDirectives } from './directives.ts'
import { itemType } from './item-type.ts'
import { keepOrder } from './list-order.ts'
import { type MergeItem, mergeList } from './merge-list.ts'
import { noMergeKey, PatchError, wrongType } from './patch-error.ts'
import type { FieldPatch, PatchSchema } from './patch-schema.ts'

/** Merges the list of one `$setElementOrder/field` and sorts it by that; both are done with then. Throws PatchError. */
export function applyOrder(
  original: JsonObject,
  patch: JsonObject,
  { key, schema }: { key: string; schema: PatchSchema },
  mergeItem: MergeItem,
): void {
  const order = listIn(patch, key)!
  delete patch[key]
  const name = fieldOf(key, SET_ORDER)
  const [known, given] = [listIn(original, name), listIn(patch, name)]
  const field = schema.list(name)
  checkOrder(given ?? [], order, field.mergeKey)
  const before = afterMerge(known ?? [], given ?? [], field)
  const merged = mergedLists(known, given, field, mergeItem)
  if (merged === undefined) return
  itemType(known ?? [], given ?? [])
  setKey(original, name, keepOrder(merged, order, before, field.mergeKey))
  delete patch[name]
}

function listIn(map: JsonObject, key: string): JsonValue[] | undefined {
  if (!Object.hasOwn(map, key)) return undefined
  const list = map[key]!
  if (!Array.isArray(list)) throw wrongType([], list)
  return list
}

function mergedLists(
  known: JsonValue[] | undefined,
  given: JsonValue[] | undefined,
  field: FieldPatch,
  mergeItem: MergeItem,
): JsonValue[] | undefined {
  if (given === undefined) return known
  if (known === undefined) return withoutDirectives(given) as JsonValue[]
  return field.merge ? mergeList([...known], given, field, mergeItem) : given
}

/**
 * What merging makes of the memory of a list, by which kube-apiserver then sorts: deleted items leave room at its end, which
 * new ones take as far as it goes.
 */
function afterMerge(
  known: readonly JsonValue[],
  given: readonly JsonValue[],
  { merge, mergeKey }: FieldPatch,
): JsonValue[] {
  const memory = [...known]
  if (!merge || mergeKey === '') return memory
  let length = memory.length
  const find = (item: JsonObject) => memory.findIndex((each, index) => index < length && isSame(each, item, mergeKey))
  const items = given.filter(isObject).filter((item) => Object.hasOwn(item, mergeKey))
  for (const item of items.filter(isDeletion)) {
    for (let index = find(item); index >= 0; index = find(item)) memory.copyWithin(index, index + 1, length--)
  }
  for (const item of items.filter((each) => !Object.hasOwn(each, DIRECTIVE))) {
    if (find(item) >= 0) continue
    if (length === memory.length) break
    memory[length++] = item
  }
  return memory
}

/** The items of the patch have to stand in the order, one behind the other. */
function checkOrder(patch: readonly JsonValue[], order: readonly JsonValue[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return
  const items = mergeKey === '' ? patch : patch.filter((item) => !isDeletion(item))
  let next = 0
  let position = 0
  while (next < items.length && position < order.length) {
    const item = items[next]!
    if (isObject(item) && Object.hasOwn(item, DIRECTIVE)) next++
    else if (isSame(item, order[position++]!, mergeKey)) next++
  }
  if (next < items.length && position >= order.length) {
    throw new PatchError(
      `The order in patch list:\n${goPlain([...patch])}\n doesn't match ${SET_ORDER} list:\n${goPlain([...order])}\n`,
    )
  }
}

function isDeletion(item: JsonValue): boolean {
  if (!isObject(item)) throw wrongType({}, item)
  return item[DIRECTIVE] === 'delete'
}

function isSame(a: JsonValue, b: JsonValue, mergeKey: string): boolean {
  if (mergeKey === '') return a === b
  for (const item of [a, b]) {
    if (!isObject(item)) throw wrongType({}, item)
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
  }
  return (a as JsonObject)[mergeKey] === (b as JsonObject)[mergeKey]
}
