import { isObject } from '../../json.ts'
import type { JsonValue } from '../../objects.ts'
import { noMergeKey, PatchError, wrongType } from './patch-error.ts'

type List = readonly JsonValue[]

/** What tells items apart: the value of the merge key, or the item itself. */
function identity(item: JsonValue | undefined, mergeKey: string): JsonValue | undefined {
  if (mergeKey === '') return item
  return isObject(item) && Object.hasOwn(item, mergeKey) ? item[mergeKey] : undefined
}

/** Position of the item of a list of objects whose merge key has `value`; -1 when there is none. Throws PatchError. */
export function findItem(list: List, mergeKey: string, value: JsonValue): number {
  for (const [index, item] of list.entries()) {
    if (!isObject(item)) throw new PatchError(`value for key ${index} is not a map`)
    if (Object.hasOwn(item, mergeKey) && item[mergeKey] === value) return index
  }
  return -1
}

/**
 * Sorts a merged list: items named by `order` (a patch, or `$setElementOrder`) as there, the others as in `before`, and both
 * woven together as they stood in `before`. Throws PatchError.
 */
export function keepOrder(merged: List, order: List, before: List, mergeKey: string): JsonValue[] {
  const isNamed = mergeKey === '' ? (item: JsonValue) => order.includes(item) : namedBy(order, mergeKey)
  const named: JsonValue[] = []
  const others: JsonValue[] = []
  for (const item of merged) {
    if (isNamed(item)) named.push(item)
    else others.push(item)
  }
  return weave(sortBy(others, before, mergeKey), sortBy(named, order, mergeKey), before, mergeKey)
}

function namedBy(order: List, mergeKey: string): (item: JsonValue) => boolean {
  return (item) => {
    if (!isObject(item)) throw wrongType({}, item)
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
    return findItem(order, mergeKey, item[mergeKey]!) >= 0
  }
}

function sortBy(items: List, order: List, mergeKey: string): JsonValue[] {
  if (mergeKey !== '') for (const list of [items, order]) checkKeys(list, mergeKey)
  return items.toSorted((a, b) => positionIn(order, a, mergeKey) - positionIn(order, b, mergeKey))
}

function checkKeys(list: List, mergeKey: string): void {
  for (const item of list) {
    if (!isObject(item)) throw wrongType({}, item)
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
  }
}

function positionIn(order: List, item: JsonValue, mergeKey: string): number {
  const wanted = identity(item, mergeKey)
  return order.findIndex((each) => identity(each, mergeKey) === wanted)
}

function weave(others: List, named: List, before: List, mergeKey: string): JsonValue[] {
  const result: JsonValue[] = []
  let next = 0
  for (const item of named) {
    while (next < others.length && standsBefore(others[next]!, item, before, mergeKey)) result.push(others[next++]!)
    result.push(item)
  }
  return [...result, ...others.slice(next)]
}

function standsBefore(a: JsonValue, b: JsonValue, before: List, mergeKey: string): boolean {
  const [left, right] = [positionIn(before, a, mergeKey), positionIn(before, b, mergeKey)]
  return left >= 0 && right >= 0 && left < right
}
