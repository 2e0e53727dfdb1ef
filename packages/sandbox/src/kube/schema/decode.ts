import { setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { componentOf, type Gvk, refOf, resolver } from './builtin-data.ts'
import { DecodeError, goTypeOf, scalarError, typeMismatch } from './go-types.ts'
import type { OpenApiSchema } from './types.ts'

/** What decoding into a Go struct makes of an object. */
export type Decoded = {
  /** A new object: without unknown fields, nulls, and what Go leaves out when it is empty. */
  object: JsonObject
  /** Paths of unknown fields, in the order of the document; `unknown field "<path>"` is what fieldValidation says. */
  unknown: string[]
  /** Why the object could not be decoded, as the server says it behind `... cannot be handled as a <Kind>: `. */
  error?: string
}

type Context = { resolve: (schema: OpenApiSchema) => OpenApiSchema; unknown: string[] }
/** `struct` is the innermost Go type, `field` the path of JSON names that Go's errors carry, `path` with indices. */
type Place = { struct: string; field: string; path: string }

/** Read by their own decoders, which report nothing unknown. */
const LENIENT = new Set(['JSONSchemaPropsOrBool', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrStringArray'])
const OPAQUE = new Set(['JSON', 'FieldsV1', 'RawExtension'])

/**
 * Decodes an object of a built-in kind (or DeleteOptions and other kinds of meta) as kube-apiserver's Go types do. Throws for
 * a kind that is not built in.
 */
export function decodeBuiltIn(object: JsonObject, gvk: Gvk): Decoded {
  const component = componentOf(gvk)
  if (component === undefined) throw new Error(`no built-in kind ${gvk.kind} in ${gvk.group}/${gvk.version}`)
  const context: Context = { resolve: resolver(gvk.group, gvk.version), unknown: [] }
  try {
    const place = { struct: gvk.kind, field: '', path: '' }
    return { object: decodeStruct(object, component.schema, place, context), unknown: context.unknown }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { object, unknown: context.unknown, error: error.message }
  }
}

function decodeStruct(object: JsonObject, schema: OpenApiSchema, place: Place, context: Context): JsonObject {
  const { properties = {} } = schema
  const required = (schema['required'] ?? []) as string[]
  const decoded: JsonObject = {}
  for (const [key, value] of Object.entries(object)) {
    const path = place.path === '' ? key : `${place.path}.${key}`
    if (!Object.hasOwn(properties, key)) {
      context.unknown.push(path)
      continue
    }
    if (value === null) continue
    const field = place.field === '' ? key : `${place.field}.${key}`
    const next = decode(value, properties[key] as OpenApiSchema, { struct: place.struct, field, path }, context)
    const omitted = isEmpty(next, context.resolve(properties[key] as OpenApiSchema)) && !required.includes(key)
    if (!omitted && !(place.struct === 'ObjectMeta' && next === '')) setKey(decoded, key, next)
  }
  return decoded
}

/** Empty lists and maps are left out. */
function isEmpty(value: JsonValue, schema: OpenApiSchema): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object' || value === null) return false
  return schema.additionalProperties !== undefined && Object.keys(value).length === 0
}

function decode(value: JsonValue, given: OpenApiSchema, place: Place, context: Context): JsonValue {
  const name = refOf(given)?.split('.').at(-1) ?? ''
  if (OPAQUE.has(name)) return value
  if (LENIENT.has(name)) return decodeLenient(value, place, context)
  const schema = context.resolve(given)
  const wrong = scalarError(value, schema, name)
  if (wrong !== undefined) throw new DecodeError(wrong)
  const goType = goTypeOf(given, schema, `${place.struct}.${place.field.split('.').at(-1)}`)
  const mismatch = typeMismatch(value, schema, name)
  if (mismatch !== undefined) {
    throw new DecodeError(
      `json: cannot unmarshal ${mismatch} into Go struct field ${place.struct}.${place.field} of type ${goType}`,
    )
  }
  // A double in Go, whatever the document has.
  if (typeof value === 'bigint' && schema.type === 'number') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return decodeList(value, schema.items ?? {}, place, context)
  if (schema.properties !== undefined) {
    return decodeStruct(value, schema, { ...place, struct: name === '' ? place.struct : name }, context)
  }
  return typeof schema.additionalProperties === 'object'
    ? decodeMap(value, schema.additionalProperties, place, context)
    : value
}

function decodeList(list: JsonValue[], items: OpenApiSchema, place: Place, context: Context): JsonValue[] {
  return list.map((item, index) => {
    const at = { ...place, path: `${place.path}[${index}]` }
    return item === null ? zeroItem(items, at, context) : decode(item, items, at, context)
  })
}

/** What a null in a list becomes. */
function zeroItem(items: OpenApiSchema, place: Place, context: Context): JsonValue {
  const name = refOf(items)?.split('.').at(-1) ?? ''
  if (OPAQUE.has(name) || LENIENT.has(name)) return null
  const schema = context.resolve(items)
  return schema.properties !== undefined ? decode({}, items, place, context) : (zeroOf(schema) ?? null)
}

function decodeMap(map: JsonObject, entries: OpenApiSchema, place: Place, context: Context): JsonObject {
  const decoded: JsonObject = {}
  for (const [key, value] of Object.entries(map)) {
    const at = { ...place, path: `${place.path}.${key}` }
    const next = value === null ? zeroOf(context.resolve(entries)) : decode(value, entries, at, context)
    if (next !== undefined) setKey(decoded, key, next)
  }
  return decoded
}

/** What a null entry of a map becomes. */
function zeroOf({ type }: OpenApiSchema): JsonValue | undefined {
  return type === 'string' ? '' : undefined
}

/** A schema, or a list of schemas, or a boolean: mistakes in it are errors, unknown fields are dropped silently. */
function decodeLenient(value: JsonValue, place: Place, context: Context): JsonValue {
  const silent: Context = { ...context, unknown: [] }
  const schema: OpenApiSchema = {
    $ref: '#/components/schemas/io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps',
  }
  if (Array.isArray(value)) return value.map((one) => decodeLenient(one, place, context))
  return typeof value === 'object' && value !== null ? decode(value, schema, place, silent) : value
}
