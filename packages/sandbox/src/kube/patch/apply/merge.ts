import { setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import type { PathElement } from './path-element.ts'
import { type FieldType, fieldType, type ListType, type MapType } from './typed-schema.ts'
import { asList, asMap, isEmptyMap, itemElement, shapeOf } from './values.ts'

type Value = JsonValue | undefined

/** The live object with what the applied one says; nothing is removed. Throws ItemError. */
export function mergeApplied(live: JsonObject, applied: JsonObject, type: FieldType): JsonObject {
  return asMap(mergeValues(live, applied, type)) ?? {}
}

/** At least one of the values is there; undefined where nothing is left. */
function mergeValues(live: Value, applied: Value, { atom }: FieldType): Value {
  const shape = shapeOf(atom, applied === undefined ? live : applied)
  if (shape === 'map') return mergeMaps(live, applied, atom.map!)
  return shape === 'list' ? mergeLists(live, applied, atom.list!) : mergeLeaves(live, applied)
}

const mergeLeaves = (live: Value, applied: Value): Value => (applied === undefined ? live : applied)

function mergeMaps(live: Value, applied: Value, type: MapType): Value {
  const [left, right] = [asMap(live), asMap(applied)]
  if (type.atomic || (isEmptyMap(left) && isEmptyMap(right))) return mergeLeaves(live, applied)
  const result: JsonObject = {}
  for (const key of new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])) {
    const of = fieldType(type, key)
    const merged = of && mergeValues(own(left, key), own(right, key), of)
    if (merged !== undefined) setKey(result, key, merged)
  }
  return isEmptyMap(result) ? undefined : result
}

function own(map: JsonObject | undefined, key: string): Value {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined
}

function mergeLists(live: Value, applied: Value, type: ListType): Value {
  const [left, right] = [asList(live) ?? [], asList(applied) ?? []]
  if (!type.associative || (left.length === 0 && right.length === 0)) return mergeLeaves(live, applied)
  const result = new ListMerge(left, right, type).run()
  return result.length === 0 ? undefined : result
}

/**
 * Keeps the items that both lists have in the order of the applied one, and the others behind what they followed. An item
 * that the live list holds twice stays as it is unless it is applied.
 */
class ListMerge {
  readonly #type: ListType
  readonly #live: readonly JsonValue[]
  readonly #liveElements: readonly PathElement[]
  readonly #appliedElements: readonly PathElement[]
  readonly #liveItems: ReadonlyMap<PathElement, JsonValue>
  readonly #appliedItems: ReadonlyMap<PathElement, JsonValue>
  /** Of the items in both lists, those that are still to come, in the order of the applied list. */
  readonly #shared: PathElement[]
  readonly #merged = new Set<PathElement>()
  readonly #result: JsonValue[] = []

  constructor(live: readonly JsonValue[], applied: readonly JsonValue[], type: ListType) {
    this.#type = type
    this.#live = live
    this.#liveElements = live.map((item) => itemElement(type, item))
    this.#appliedElements = applied.map((item) => itemElement(type, item))
    this.#liveItems = indexed(this.#liveElements, live)
    this.#appliedItems = indexed(this.#appliedElements, applied)
    this.#shared = this.#appliedElements.filter((element) => this.#liveItems.has(element))
  }

  run(): JsonValue[] {
    const [live, applied] = [this.#liveElements, this.#appliedElements]
    let [l, a] = [0, 0]
    while (l < live.length || a < applied.length) {
      const element = live[l]
      if (element !== undefined && a < applied.length) {
        if (element === applied[a]) {
          this.#take(element)
          this.#shared.shift()
          l++
          a++
          continue
        }
        if (this.#appliedItems.has(element) && this.#shared.length > 0 && this.#shared[0] !== element) {
          // Its turn comes later.
          l++
          continue
        }
      }
      if (element !== undefined) {
        if (!this.#appliedItems.has(element)) {
          this.#put(mergeValues(this.#live[l], undefined, this.#type.element))
          l++
          continue
        }
        if (this.#merged.has(element)) l++
      }
      if (a < applied.length) this.#takeApplied(applied[a++]!)
    }
    return this.#result
  }

  #takeApplied(element: PathElement): void {
    this.#take(element)
    if (this.#shared[0] === element) this.#shared.shift()
  }

  #take(element: PathElement): void {
    this.#merged.add(element)
    this.#put(mergeValues(this.#liveItems.get(element), this.#appliedItems.get(element), this.#type.element))
  }

  #put(item: Value): void {
    if (item !== undefined) this.#result.push(item)
  }
}

/** Items that are there twice are null: they are not merged with anything. */
function indexed(elements: readonly PathElement[], items: readonly JsonValue[]): Map<PathElement, JsonValue> {
  const index = new Map<PathElement, JsonValue>()
  for (const [position, element] of elements.entries()) {
    index.set(element, index.has(element) ? null : items[position]!)
  }
  return index
}
