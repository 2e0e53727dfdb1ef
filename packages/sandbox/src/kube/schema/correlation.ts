import { goJson } from '../go-text.ts'
import { deepEqual } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import type { OpenApiSchema } from './types.ts'

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value of a changed object beside the one that stood in its place before, so that old mistakes can be forgiven. */
export class Correlation {
  readonly value: JsonValue
  readonly old: JsonValue
  readonly #schema: OpenApiSchema
  readonly #isRoot: boolean
  readonly #forgives: boolean
  #equal: boolean | undefined

  constructor(value: JsonValue, old: JsonValue, schema: OpenApiSchema, isRoot = false, forgives = true) {
    this.value = value
    this.old = old
    this.#schema = schema
    this.#isRoot = isRoot
    this.#forgives = forgives
  }

  /** Whether the value is what it was, where that counts. */
  unchanged(): boolean {
    if (!this.#forgives) return false
    this.#equal ??= deepEqual(this.value, this.old)
    return this.#equal
  }

  withoutForgiveness(): Correlation {
    return new Correlation(this.value, this.old, this.#schema, this.#isRoot, false)
  }

  /** undefined where there was no such field. A change of apiVersion is not visible, so it is not forgiven. */
  key(field: string): Correlation | undefined {
    if (this.#isRoot && (field === 'apiVersion' || field === 'kind')) return undefined
    if (!isObject(this.value) || !isObject(this.old)) return undefined
    if (!Object.hasOwn(this.value, field) || !Object.hasOwn(this.old, field)) return undefined
    const { properties, additionalProperties } = this.#schema
    const schema =
      properties !== undefined && Object.hasOwn(properties, field) ? properties[field] : additionalProperties
    if (typeof schema !== 'object') return undefined
    return new Correlation(this.value[field] as JsonValue, this.old[field] as JsonValue, schema)
  }

  /** Only items of lists with keys are found again. */
  index(at: number): Correlation | undefined {
    const { items } = this.#schema
    if (!Array.isArray(this.value) || !Array.isArray(this.old) || items === undefined) return undefined
    if (this.#schema['x-kubernetes-list-type'] !== 'map') return undefined
    const keys = this.#schema['x-kubernetes-list-map-keys'] ?? []
    const item = this.value[at]
    const old = itemWithKeys(this.old, keys, item)
    return item === undefined || old === undefined ? undefined : new Correlation(item, old, items)
  }
}

/** The item of a keyed list that has the keys of `like`. */
export function itemWithKeys(
  list: readonly JsonValue[],
  keys: readonly string[],
  like: JsonValue | undefined,
): JsonValue | undefined {
  if (!isObject(like)) return undefined
  const identity = (item: JsonObject) => goJson(keys.map((key) => item[key] ?? null))
  const wanted = identity(like)
  return list.find((item) => isObject(item) && identity(item) === wanted)
}
