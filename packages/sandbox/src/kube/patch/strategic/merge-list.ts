import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { goPlain } from '../go-print.ts'
import { DIRECTIVE } from './directives.ts'
import { findItem, keepOrder } from './list-order.ts'
import { mergeMap } from './merge-map.ts'
import { listOfLists, noMergeKey, PatchError, unknownDirective } from './patch-error.ts'
import type { FieldPatch, PatchSchema } from './patch-schema.ts'

/** Merges a list of a patch into that of the object, item by item; both are changed. Throws PatchError. */
export function mergeList(original: JsonValue[], patch: JsonValue[], { mergeKey, schema }: FieldPatch): JsonValue[] {
  if (original.length === 0 && patch.length === 0) return original
  if (itemType(original, patch) !== 'map') return keepOrder(unique([...original, ...patch]), patch, original, mergeKey)
  if (mergeKey === '') throw new PatchError(`cannot merge lists without merge key for ${schema.kind}`)
  const [kept, given] = applyDirectives(original, patch as JsonObject[], mergeKey)
  return keepOrder(mergeItems(kept, given, mergeKey, schema), given, kept, mergeKey)
}

/** All items have to be of one type. Throws PatchError. */
export function itemType(...lists: readonly (readonly JsonValue[])[]): string {
  const types = new Set(lists.flat().map(typeOf))
  const [type] = types
  if (type === undefined) throw new PatchError('no elements in any of the given slices')
  if (type === 'slice') throw listOfLists()
  if (types.size > 1) {
    throw new PatchError(`list element types are not identical: ${goPlain(lists.map((list) => [...list]))}`)
  }
  return type
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'slice'
  return typeof value === 'object' ? 'map' : typeof value
}

/** Without repetitions, as kube-apiserver does it: the last item takes the place of a repeated one. */
function unique(items: JsonValue[]): JsonValue[] {
  for (let first = 0; first < items.length - 1; first++) {
    for (let other = first + 1; other < items.length; other++) {
      if (items[first] !== items[other]) continue
      items[other] = items.at(-1)!
      items.pop()
      other--
    }
  }
  return items
}

/** Takes the items with `$patch` from the patch and does what they say to the object's list. */
function applyDirectives(
  original: JsonValue[],
  patch: readonly JsonObject[],
  mergeKey: string,
): [JsonValue[], JsonObject[]] {
  const plain: JsonObject[] = []
  let kept = original
  let replaces = false
  for (const item of patch) {
    if (!Object.hasOwn(item, DIRECTIVE)) {
      plain.push(item)
      continue
    }
    const directive = item[DIRECTIVE]!
    if (directive === 'delete') kept = withoutMatching(kept, item, mergeKey)
    else if (directive === 'replace') replaces = true
    else if (directive === 'merge') throw new PatchError('merging lists cannot yet be specified in the patch')
    else throw unknownDirective(directive, item)
  }
  return replaces ? [plain, []] : [kept, plain]
}

function withoutMatching(items: JsonValue[], gone: JsonObject, mergeKey: string): JsonValue[] {
  if (!Object.hasOwn(gone, mergeKey)) throw noMergeKey(gone, mergeKey)
  return items.filter((item) => !isObject(item) || item[mergeKey] !== gone[mergeKey])
}

function mergeItems(
  original: JsonValue[],
  patch: readonly JsonObject[],
  mergeKey: string,
  schema: PatchSchema,
): JsonValue[] {
  const result = [...original]
  for (const item of patch) {
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
    const index = findItem(result, mergeKey, item[mergeKey]!)
    if (index < 0) result.push(item)
    else result[index] = mergeMap(result[index] as JsonObject, item, schema)
  }
  return result
}
