import type { JsonObject, JsonValue } from '../objects.ts'
import type { Structural } from './structural.ts'

const META_FIELDS = new Set(['apiVersion', 'kind', 'metadata'])

/**
 * Drops fields that `node` does not specify, in place; answers their paths, sorted. TypeMeta and ObjectMeta of the root
 * (where `isResource`) and of embedded resources stay.
 */
export function prune(value: JsonValue, node: Structural | undefined, isResource: boolean): string[] {
  const unknown: string[] = []
  if (!isKnown(value, node, isResource)) walk(value, node, isResource, '', unknown)
  return unknown.sort()
}

/** Whether nothing would be dropped: most objects are as they should be, and this builds no paths. */
function isKnown(value: JsonValue, node: Structural | undefined, isResource: boolean): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (node === undefined || node.preserve) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isKnown(item, node.items, node.items?.embedded ?? false)) return false
    return true
  }
  for (const key of Object.keys(value)) {
    if (isResource && META_FIELDS.has(key)) continue
    const child = node.properties?.get(key) ?? node.additional?.node
    if (child === undefined && node.additional === undefined) return false
    const entry = value[key] as JsonValue
    if (typeof entry === 'object' && !isKnown(entry, child, child?.embedded ?? false)) return false
  }
  return true
}

/** Calls `found` for every embedded resource below `value`, with its path. */
export function eachEmbedded(
  value: JsonValue,
  node: Structural | undefined,
  found: (resource: JsonObject, path: string) => void,
  path = '',
): void {
  if (node === undefined || !node.has.embedded || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      eachEmbedded(item, node.items, found, `${path}[${index}]`)
    })
    return
  }
  if (node.embedded) found(value, path)
  for (const [key, entry] of Object.entries(value)) {
    const child = node.properties?.get(key) ?? node.additional?.node
    eachEmbedded(entry, child, found, path === '' ? key : `${path}.${key}`)
  }
}

/** Drops nulls where the schema neither allows them nor has a default that would replace them, in place. */
export function pruneNulls(value: JsonValue, node: Structural | undefined): void {
  if (node === undefined || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) pruneNulls(item, node.items)
    return
  }
  for (const key of Object.keys(value)) {
    const child = node.properties?.get(key) ?? node.additional?.node
    const entry = value[key] as JsonValue
    if (entry !== null) pruneNulls(entry, child)
    else if (child !== undefined && !child.nullable && child.default === undefined) delete value[key]
  }
}

function walk(value: JsonValue, node: Structural | undefined, isResource: boolean, path: string, unknown: string[]) {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    const items = node?.preserve ? preserving(node.items) : node?.items
    if (node?.preserve && items === undefined) return
    value.forEach((item, index) => {
      walk(item, items, items?.embedded ?? false, `${path}[${index}]`, unknown)
    })
    return
  }
  walkObject(value, node, isResource, path, unknown)
}

function walkObject(
  value: JsonObject,
  node: Structural | undefined,
  isResource: boolean,
  path: string,
  unknown: string[],
): void {
  for (const key of Object.keys(value)) {
    if (isResource && META_FIELDS.has(key)) continue
    const child = node?.properties?.get(key)
    const at = () => (path === '' ? key : `${path}.${key}`)
    const entry = value[key] as JsonValue
    if (child !== undefined) {
      if (typeof entry === 'object') walk(entry, child, child.embedded, at(), unknown)
    } else if (node?.additional !== undefined) {
      if (typeof entry === 'object')
        walk(entry, node.additional.node, node.additional.node?.embedded ?? false, at(), unknown)
    } else if (!node?.preserve) {
      unknown.push(at())
      delete value[key]
    }
  }
}

/** Items of a list that keeps unknown fields keep theirs too. */
function preserving(items: Structural | undefined): Structural | undefined {
  return items === undefined || items.preserve ? items : { ...items, preserve: true }
}
