import { isObject } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { DIRECTIVE } from './directives.ts'
import { itemType } from './item-type.ts'
import { findItem, keepOrder } from './list-order.ts'
import { noMergeKey, PatchError, unknownDirective } from './patch-error.ts'
import type { FieldPatch, PatchSchema } from './patch-schema.ts'

/** Merges an object of a patch into one of a list. */
export type MergeItem = (original: JsonObject, patch: JsonObject, schema: PatchSchema) => JsonObject

/** Merges a list of a patch into that of the object, item by item; both are changed. Throws PatchError. */
export function mergeList(
  original: JsonValue[],
  patch: JsonValue[],
  { mergeKey, schema }: FieldPatch,
  mergeItem: MergeItem,
): JsonValue[] {
  if (original.length === 0 && patch.length === 0) return original
  if (itemType(original, patch) !== 'map') return keepOrder(unique([...original, ...patch]), patch, original, mergeKey)
  if (mergeKey === '') throw new PatchError(`cannot merge lists without merge key for ${schema.kind}`)
  const [kept, given] = applyDirectives(original, patch as JsonObject[], mergeKey)
  return keepOrder(mergeItems(kept, given, { mergeKey, schema }, mergeItem), given, kept, mergeKey)
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
  { mergeKey, schema }: Pick<FieldPatch, 'mergeKey' | 'schema'>,
  mergeItem: MergeItem,
): JsonValue[] {
  const result = [...original]
  for (const item of patch) {
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
    const index = findItem(result, mergeKey, item[mergeKey]!)
    if (index < 0) result.push(item)
    else result[index] = mergeItem(result[index] as JsonObject, item, schema)
  }
  return result
}
