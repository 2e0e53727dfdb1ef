import protobuf from 'protobufjs/minimal.js'
import { parseJson } from '../json.ts'
import type { JsonValue } from '../objects.ts'
import { canonicalQuantity } from '../quantity.ts'
import { readFields } from './read-fields.ts'

/** Of a message that is a JSON schema. */
type SchemaDecoder = (bytes: Uint8Array) => JsonValue
type Decoder = (reader: protobuf.Reader, schemaOf: SchemaDecoder) => JsonValue
type Scalar = { decode: Decoder; zero: JsonValue; emptyIsOmitted: boolean }

const plain = (zero: JsonValue, decode: Decoder): Scalar => ({ decode, zero, emptyIsOmitted: true })
/** Structs in Go: `omitempty` does not leave them out. */
const struct = (zero: JsonValue, decode: Decoder): Scalar => ({ decode, zero, emptyIsOmitted: false })

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: plain('', (reader) => reader.string()),
  bool: plain(false, (reader) => reader.bool()),
  int32: plain(0, (reader) => reader.int32()),
  int64: plain(0, (reader) => integerOf(reader.int64())),
  float64: plain(0, (reader) => reader.double()),
  bytes: plain(null, (reader) => Buffer.from(reader.bytes()).toString('base64')),
  time: struct(null, (reader) => timeText(reader.bytes(), false)),
  microtime: struct(null, (reader) => timeText(reader.bytes(), true)),
  quantity: struct('0', (reader) => canonicalQuantity(firstString(reader.bytes()))),
  raw: struct(null, (reader) => rawJson(reader.bytes())),
  strings: plain(null, (reader) => stringsOf(reader.bytes(), 1)),
  schemaOrBool: struct(false, (reader, schemaOf) => schemaOrBool(reader.bytes(), schemaOf)),
  schemaOrArray: struct(null, (reader, schemaOf) => schemaOrArray(reader.bytes(), schemaOf)),
  schemaOrStrings: struct(null, (reader, schemaOf) => schemaOrStrings(reader.bytes(), schemaOf)),
}

/** A Long, or a number where there is none. */
function integerOf(given: { toString(): string }): number | bigint {
  const value = Number(given.toString())
  return Number.isSafeInteger(value) ? value : BigInt(given.toString())
}

/** One value of a type whose JSON is not that of its fields. */
export function decodeScalar(reader: protobuf.Reader, name: string, schemaOf: SchemaDecoder): JsonValue {
  return SCALARS[name]!.decode(reader, schemaOf)
}

/** JSON of Go's zero value. */
export function zeroScalar(name: string): JsonValue {
  return SCALARS[name]!.zero
}

/** Whether `omitempty`, or with `structs` also `omitzero`, leaves `value` out. */
export function isZero(name: string, value: JsonValue, structs: boolean): boolean {
  const { zero, emptyIsOmitted } = SCALARS[name]!
  if (!emptyIsOmitted && !structs) return false
  return value === zero || (name === 'bytes' && value === '') || (Array.isArray(value) && value.length === 0)
}

/** metav1.Time keeps no fraction of a second on the wire; an empty message is the zero time. */
function timeText(bytes: Uint8Array, micro: boolean): JsonValue {
  if (bytes.length === 0) return null
  let seconds = 0
  let nanos = 0
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    if (number === 1) seconds = Number(reader.int64())
    else if (number === 2) nanos = reader.int32()
    else return false
    return true
  })
  const date = new Date(seconds * 1000).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  return micro ? `${date}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${date}Z`
}

function rawJson(bytes: Uint8Array): JsonValue {
  let raw: Uint8Array = new Uint8Array()
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    if (number !== 1) return false
    raw = reader.bytes()
    return true
  })
  return raw.length === 0 ? null : parseJson(Buffer.from(raw))
}

function stringsOf(bytes: Uint8Array, field: number): string[] {
  const list: string[] = []
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    if (number !== field) return false
    list.push(reader.string())
    return true
  })
  return list
}

function firstString(bytes: Uint8Array): string {
  return stringsOf(bytes, 1)[0] ?? ''
}

/** Messages in field `field`, as schemas. */
function schemasOf(bytes: Uint8Array, field: number, schemaOf: SchemaDecoder): JsonValue[] {
  const list: JsonValue[] = []
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    if (number !== field) return false
    list.push(schemaOf(reader.bytes()))
    return true
  })
  return list
}

function schemaOrBool(bytes: Uint8Array, schemaOf: SchemaDecoder): JsonValue {
  let allows = false
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    if (number !== 1) return false
    allows = reader.bool()
    return true
  })
  return schemasOf(bytes, 2, schemaOf).at(-1) ?? allows
}

function schemaOrArray(bytes: Uint8Array, schemaOf: SchemaDecoder): JsonValue {
  const list = schemasOf(bytes, 2, schemaOf)
  return list.length > 0 ? list : (schemasOf(bytes, 1, schemaOf).at(-1) ?? null)
}

function schemaOrStrings(bytes: Uint8Array, schemaOf: SchemaDecoder): JsonValue {
  const list = stringsOf(bytes, 2)
  return list.length > 0 ? list : (schemasOf(bytes, 1, schemaOf).at(-1) ?? null)
}
