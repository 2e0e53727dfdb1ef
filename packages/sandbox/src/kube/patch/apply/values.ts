import { stringifyJson } from '@resource-broker/json'
import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { keyElement, type PathElement, valueElement } from './path-element.ts'
import type { Atom, ListType } from './typed-schema.ts'

/** What a value is seen as. */
export type Shape = 'scalar' | 'list' | 'map'

/** How a value of a type is walked; undefined for a type that allows nothing. */
export function shapeOf({ scalar, list, map }: Atom, value: JsonValue | undefined): Shape | undefined {
  if (Array.isArray(value) && list !== undefined) return 'list'
  if (isObject(value) && map !== undefined) return 'map'
  if (value !== undefined && value !== null && typeof value !== 'object' && scalar !== undefined) return 'scalar'
  return map !== undefined ? 'map' : scalar !== undefined ? 'scalar' : list !== undefined ? 'list' : undefined
}

export const asMap = (value: JsonValue | undefined): JsonObject | undefined => (isObject(value) ? value : undefined)
export const asList = (value: JsonValue | undefined): JsonValue[] | undefined =>
  Array.isArray(value) ? value : undefined

export function isEmptyMap(map: JsonObject | undefined): boolean {
  if (map === undefined) return true
  for (const _ in map) return false
  return true
}

/** An item that cannot be told from others; the message is the server's. */
export class ItemError extends Error {
  override readonly name = 'ItemError'
}

/** The path element of an item of an associative list. Throws ItemError. */
export function itemElement(list: ListType, item: JsonValue): PathElement {
  return list.keys.length > 0 ? keyedElement(list, item) : setElement(item)
}

function keyedElement({ keys, element }: ListType, item: JsonValue): PathElement {
  if (item === null) throw new ItemError('associative list with keys may not have a null element')
  if (!isObject(item)) throw new ItemError('associative list with keys may not have non-map elements')
  const values: [string, JsonValue][] = []
  for (const key of keys) {
    const value = Object.hasOwn(item, key) ? item[key] : element.atom.map?.fields.get(key)?.default
    if (value !== undefined) values.push([key, value])
  }
  if (values.length > 0) return keyElement(values)
  const names = keys.map((key) => stringifyJson(key)).join(' ')
  throw new ItemError(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  )
}

function setElement(item: JsonValue): PathElement {
  if (isObject(item)) throw new ItemError("associative list without keys has an element that's a map type")
  if (Array.isArray(item)) throw new ItemError('not supported: associative list with lists as elements')
  if (item === null) throw new ItemError("associative list without keys has an element that's an explicit null")
  return valueElement(item)
}
