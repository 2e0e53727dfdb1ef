import { StatusError } from '../errors.ts'
import { goQuote } from '../go-text.ts'
import { getKey, isObject, setKey } from '../json.ts'
import type { JsonObject, JsonValue, KubeObject } from '../objects.ts'
import { canonicalQuantity } from '../quantity.ts'
import { type GoField, type GoMessage, type GoType, goMessage, schemaMessage } from './go-types.ts'

const SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/
/** A time that is good as it stands, as the server's own are, of which each object has several; not all such times. */
const PLAIN_TIME =
  /^\d{4}-(?!02-29|02-3|0[469]-31|11-31)(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const FRACTION = /^.{19}(\.\d{6})/
const ZONE = /^(Z|[+-]\d{2}:\d{2})$/

/**
 * Gives an object of a built-in kind the form in which kube-apiserver, whose types are Go structs, stores and shows it: what is empty
 * is left out or written as `{}`, `null` or `""`, as each field has it; times, quantities and base64 are written in one way. Changes
 * `object`. Throws StatusError 400 for a value of the wrong type.
 *
 * With `asProtobuf`, as after a way through etcd, where most types are protobuf, which knows no empty list.
 */
export function goShape(object: KubeObject, asProtobuf = true): void {
  const { apiVersion, kind } = object
  const message = goMessage(apiVersion, kind)
  if (message === undefined) return
  const shaped = shapeMessage(object as JsonObject, message, new Place(apiVersion, kind, kind, '', asProtobuf))
  for (const key of Object.keys(object)) delete object[key]
  Object.assign(object, { apiVersion, kind }, shaped)
}

/** Where a value stands, for the message about a wrong one. */
class Place {
  readonly #apiVersion: string
  readonly #kind: string
  readonly #struct: string
  readonly #path: string
  readonly asProtobuf: boolean

  constructor(apiVersion: string, kind: string, struct: string, path: string, asProtobuf: boolean) {
    this.#apiVersion = apiVersion
    this.#kind = kind
    this.#struct = struct
    this.#path = path
    this.asProtobuf = asProtobuf
  }

  field(struct: string, name: string): Place {
    const path = this.#path === '' ? name : `${this.#path}.${name}`
    return new Place(this.#apiVersion, this.#kind, struct, path, this.asProtobuf)
  }

  mismatch(value: JsonValue, goType: string): StatusError {
    const plain = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    // A number of the wrong kind is shown, one where none belongs is not.
    const kind = typeof value === 'number' && /^(int|float)/.test(goType) ? `number ${value}` : plain
    return this.refuse(
      `json: cannot unmarshal ${kind} into Go struct field ${this.#struct}.${this.#path} of type ${goType}`,
    )
  }

  refuse(why: string): StatusError {
    const version = this.#apiVersion.slice(this.#apiVersion.indexOf('/') + 1)
    const what = `${this.#kind} in version "${version}" cannot be handled as a ${this.#kind}`
    return StatusError.badRequest(`${what}: ${why}`)
  }
}

function shapeMessage(value: JsonObject, message: GoMessage, place: Place): JsonObject {
  const result: JsonObject = {}
  for (const field of message.fields) {
    if (field.inline) Object.assign(result, shapeValue(value, field.type, place))
    else {
      const shaped = shapeField(getKey(value, field.name), field, place.field(message.name, field.name))
      if (shaped !== undefined) result[field.name] = shaped
    }
  }
  return result
}

/** undefined where Go leaves the field out. */
function shapeField(value: JsonValue | undefined, field: GoField, place: Place): JsonValue | undefined {
  const { type, omitEmpty, omitZero, pointer } = field
  const isAbsent = value === undefined || value === null
  if (isAbsent && (pointer || type.kind === 'list' || type.kind === 'map')) return omitEmpty ? undefined : null
  if (isAbsent && type.kind === 'message' && omitZero) return undefined
  const shaped = isAbsent ? zeroOf(type, place) : shapeValue(value, type, place)
  return !pointer && (omitEmpty || omitZero) && isEmpty(shaped, type, omitZero) ? undefined : shaped
}

/** A struct is never empty in Go. */
function isEmpty(value: JsonValue, type: GoType, omitZero: boolean): boolean {
  if (type.kind === 'message') return false
  if (type.kind === 'scalar' && STRUCTS.has(type.name)) return omitZero && value === null
  if (isObject(value)) return Object.keys(value).length === 0
  return Array.isArray(value) ? value.length === 0 : value === '' || value === 0 || value === false || value === null
}

function shapeValue(value: JsonValue, type: GoType, place: Place): JsonValue {
  if (value === null) return zeroOf(type, place)
  if (type.kind === 'scalar') return (SCALARS[type.name] ?? keep)(value, place)
  if (type.kind === 'list') {
    if (!Array.isArray(value)) throw place.mismatch(value, typeName(type))
    if (value.length === 0 && place.asProtobuf) return null
    return value.map((item) => shapeValue(item, type.of, place))
  }
  if (!isObject(value)) throw place.mismatch(value, typeName(type))
  if (type.kind === 'message') return shapeMessage(value, type.message, place)
  const result: JsonObject = {}
  for (const [key, item] of Object.entries(value)) setKey(result, key, shapeValue(item, type.of, place))
  return result
}

function zeroOf(type: GoType, place: Place): JsonValue {
  if (type.kind === 'message') return shapeMessage({}, type.message, place)
  return type.kind === 'scalar' ? (ZEROS[type.name] ?? null) : null
}

function typeName(type: GoType): string {
  if (type.kind === 'scalar') return type.name
  if (type.kind === 'message') return `v1.${type.message.name}`
  return `${type.kind === 'list' ? '[]' : 'map[string]'}${typeName(type.of)}`
}

const ZEROS: Readonly<Record<string, JsonValue>> = {
  ...{ string: '', bool: false, int32: 0, int64: 0, float64: 0, quantity: '0', schemaOrBool: false },
}
const STRUCTS = new Set(['time', 'microtime', 'quantity', 'raw', 'schemaOrBool', 'schemaOrArray', 'schemaOrStrings'])

type Shaper = (value: JsonValue, place: Place) => JsonValue

const keep: Shaper = (value) => value

const typed =
  (type: 'string' | 'boolean' | 'number', goType: string, isGood: (value: JsonValue) => boolean = () => true): Shaper =>
  (value, place) => {
    if (typeof value !== type || !isGood(value)) throw place.mismatch(value, goType)
    return value
  }

const shapeInt64: Shaper = (value, place) => {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value
  throw place.mismatch(value, 'int64')
}

/** A long integer is rounded there: bounds of a schema are such fields. */
const shapeFloat64: Shaper = (value, place) => {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value)
  throw place.mismatch(value, 'float64')
}

const SCALARS: Readonly<Record<string, Shaper>> = {
  string: typed('string', 'string'),
  bool: typed('boolean', 'bool'),
  int32: typed('number', 'int32', Number.isInteger),
  int64: shapeInt64,
  float64: shapeFloat64,
  bytes: shapeBytes,
  time: (value, place) => shapeTime(value, place, false),
  microtime: (value, place) => shapeTime(value, place, true),
  quantity: shapeQuantity,
  schemaOrBool: shapeSchema,
  schemaOrArray: shapeSchema,
  schemaOrStrings: shapeSchema,
}

function shapeBytes(value: JsonValue, place: Place): JsonValue {
  if (typeof value !== 'string') throw place.mismatch(value, '[]uint8')
  const text = value.replaceAll(/[\r\n]/g, '')
  const bad = text.search(/[^A-Za-z0-9+/=]|=(?!=?$)/)
  if (bad >= 0) throw place.refuse(`illegal base64 data at input byte ${bad}`)
  if (text.length % 4 !== 0) throw place.refuse(`illegal base64 data at input byte ${text.length - (text.length % 4)}`)
  return text
}

function shapeTime(value: JsonValue, place: Place, micro: boolean): JsonValue {
  if (typeof value !== 'string') throw place.mismatch(value, 'string')
  if (!micro && PLAIN_TIME.test(value)) return value
  const complaint = timeComplaint(value, micro)
  if (complaint !== undefined) throw place.refuse(complaint)
  const text = new Date(value.replace(',', '.')).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  return micro ? `${text}${FRACTION.exec(value)![1]}Z` : `${text}Z`
}

/** A MicroTime has six digits behind the point, no more and no less. */
function timeComplaint(text: string, micro: boolean): string | undefined {
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
  const refuse = (rest: string, part: string) =>
    `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(part)}`
  const rest = text.slice('yyyy-mm-ddThh:mm:ss'.length)
  if (!SECONDS.test(text) || Number.isNaN(Date.parse(`${text.slice(0, -rest.length || undefined)}Z`))) {
    return refuse(text, '2006')
  }
  const fraction = /^[.,]\d+/.exec(rest)?.[0] ?? ''
  if (micro && !FRACTION.test(text)) return refuse(rest, '.000000')
  const zone = micro ? rest.slice('.000000'.length) : rest.slice(fraction.length)
  return ZONE.test(zone) ? undefined : refuse(zone, 'Z07:00')
}

function shapeQuantity(value: JsonValue, place: Place): JsonValue {
  if (typeof value !== 'string' && typeof value !== 'number') throw place.mismatch(value, 'resource.Quantity')
  try {
    return canonicalQuantity(String(value))
  } catch (error) {
    throw place.refuse((error as Error).message)
  }
}

/** A schema, several, or what else may stand in its place. */
function shapeSchema(value: JsonValue, place: Place): JsonValue {
  if (Array.isArray(value)) return value.map((each) => shapeSchema(each, place))
  return isObject(value) ? shapeMessage(value, schemaMessage(), place) : value
}
