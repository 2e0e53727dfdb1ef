import type { FieldError } from '../errors.ts'
import { goJson } from '../go-text.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { duplicate, invalid } from './field-errors.ts'
import type { Structural } from './structural.ts'

/** Duplicates in lists that are sets, and items with equal keys in lists that are maps. */
export function validateListTypes(value: JsonValue, node: Structural | undefined, path = ''): FieldError[] {
  if (node === undefined || !node.has.listTypes || typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) {
    const own = duplicatesIn(value, node, path)
    return [...own, ...value.flatMap((item, index) => validateListTypes(item, node.items, `${path}[${index}]`))]
  }
  return Object.entries(value).flatMap(([key, entry]) => {
    const property = node.properties?.get(key)
    if (property !== undefined) return validateListTypes(entry, property, path === '' ? key : `${path}.${key}`)
    return validateListTypes(entry, node.additional?.node, `${path}[${key}]`)
  })
}

function duplicatesIn(list: JsonValue[], { listType, mapKeys }: Structural, path: string): FieldError[] {
  if (listType === 'set') return repeated(list).map((index) => duplicate(`${path}[${index}]`, list[index]))
  if (listType !== 'map') return []
  const stray = list.findIndex((item) => item !== null && (typeof item !== 'object' || Array.isArray(item)))
  if (stray >= 0) {
    return [invalid(`${path}[${stray}]`, list[stray], 'must be an object for an array of list-type map')]
  }
  const [only] = mapKeys
  const keys =
    mapKeys.length === 1 && only !== undefined
      ? list.map((item) => (item as JsonObject | null)?.[only] ?? {})
      : list.map((item) => keysOf(item as JsonObject | null, mapKeys))
  return repeated(keys).map((index) =>
    duplicate(`${path}[${index}]`, keysOf(list[index] as JsonObject | null, mapKeys)),
  )
}

function keysOf(item: JsonObject | null, mapKeys: readonly string[]): JsonObject {
  const present = mapKeys.filter((key) => item !== null && Object.hasOwn(item, key))
  return Object.fromEntries(present.map((key) => [key, item?.[key] as JsonValue]))
}

/** A text that equal values share. */
function identity(value: JsonValue): string {
  if (typeof value === 'string') return `"${value}`
  return typeof value === 'object' && value !== null ? goJson(value) : String(value)
}

/** Of every value that occurs more than once, the index of its second occurrence. */
function repeated(list: readonly JsonValue[]): number[] {
  if (list.length < 2) return []
  const seen = new Map<string, number>()
  const again: number[] = []
  list.forEach((item, index) => {
    const text = identity(item)
    const times = seen.get(text) ?? 0
    if (times === 1) again.push(index)
    seen.set(text, times + 1)
  })
  return again
}
