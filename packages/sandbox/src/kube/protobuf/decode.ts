import protobuf from 'protobufjs/minimal.js'
import { StatusError } from '../errors.ts'
import { setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { type GoField, type GoMessage, type GoType, goMessage, schemaMessage } from './go-types.ts'
import { readFields } from './read-fields.ts'
import { decodeScalar, isZero, zeroScalar } from './scalars.ts'

const MAGIC = Buffer.from('k8s\0')
/** Deeper than any schema that kube-apiserver would take. */
const MAX_DEPTH = 200
/** Of runtime.Unknown and its TypeMeta. */
const TYPE_META = 1
const RAW = 2
const API_VERSION = 1
const KIND = 2

/** A body that is not protobuf, or breaks off. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

/**
 * The JSON that Go gives for a body in application/vnd.kubernetes.protobuf: `k8s\0` and a runtime.Unknown. Throws ProtobufError for
 * a body that is none, StatusError 400 for a kind that is not a built-in one.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  try {
    return decodeUnknown(body.subarray(MAGIC.length))
  } catch (error) {
    if (error instanceof StatusError) throw error
    if (error instanceof RangeError) throw new ProtobufError('unexpected EOF', { cause: error })
    throw new ProtobufError((error as Error).message, { cause: error })
  }
}

function decodeUnknown(body: Buffer): JsonObject {
  let apiVersion = ''
  let kind = ''
  let raw: Uint8Array = new Uint8Array()
  readFields(protobuf.Reader.create(body), (number, reader) => {
    if (number === RAW) raw = reader.bytes()
    else if (number !== TYPE_META) return false
    else {
      readFields(protobuf.Reader.create(reader.bytes()), (inner, meta) => {
        if (inner === API_VERSION) apiVersion = meta.string()
        else if (inner === KIND) kind = meta.string()
        else return false
        return true
      })
    }
    return true
  })
  const message = goMessage(apiVersion, kind)
  if (message === undefined) {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    throw StatusError.badRequest(
      `no kind "${kind}" is registered for version "${[group, version].filter(Boolean).join('/')}"`,
    )
  }
  return { kind, apiVersion, ...decodeMessage(raw, message, 0) }
}

/** One message as JSON, with Go's rules of what is left out. */
function decodeMessage(bytes: Uint8Array, message: GoMessage, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new Error('nested too deeply')
  const values = new Map<GoField, JsonValue>()
  readFields(protobuf.Reader.create(bytes), (number, reader) => {
    const field = message.byNumber.get(number)
    if (field === undefined) return false
    readValue(values, field, reader, depth)
    return true
  })
  const result: JsonObject = {}
  for (const field of message.fields) writeField(result, field, values.get(field), depth)
  return result
}

function readValue(values: Map<GoField, JsonValue>, field: GoField, reader: protobuf.Reader, depth: number): void {
  const { type } = field
  if (type.kind === 'list') {
    const list = (values.get(field) ?? []) as JsonValue[]
    list.push(decodeValue(reader, type.of, depth))
    values.set(field, list)
  } else if (type.kind === 'map') {
    const map = (values.get(field) ?? {}) as JsonObject
    readEntry(map, type.of, reader, depth)
    values.set(field, map)
  } else values.set(field, decodeValue(reader, type, depth))
}

function readEntry(map: JsonObject, of: GoType, reader: protobuf.Reader, depth: number): void {
  let key = ''
  let value: JsonValue | undefined
  readFields(protobuf.Reader.create(reader.bytes()), (number, entry) => {
    if (number === 1) key = entry.string()
    else if (number === 2) value = decodeValue(entry, of, depth)
    else return false
    return true
  })
  setKey(map, key, value ?? zeroOf(of, depth))
}

function decodeValue(reader: protobuf.Reader, type: GoType, depth: number): JsonValue {
  if (type.kind === 'message') return decodeMessage(reader.bytes(), type.message, depth + 1)
  if (type.kind === 'scalar') {
    return decodeScalar(reader, type.name, (bytes) => decodeMessage(bytes, schemaMessage(), depth + 1))
  }
  throw new Error('a list of lists')
}

function writeField(target: JsonObject, field: GoField, value: JsonValue | undefined, depth: number): void {
  const { name, type, omitEmpty, omitZero, pointer, inline } = field
  if (inline) {
    Object.assign(target, value ?? zeroOf(type, depth))
    return
  }
  if (value === undefined && (pointer || type.kind === 'list' || type.kind === 'map')) {
    if (!omitEmpty) target[name] = null
    return
  }
  const shown = value ?? zeroOf(type, depth)
  if (!pointer && type.kind === 'scalar' && (omitEmpty || omitZero) && isZero(type.name, shown, omitZero)) return
  if (!pointer && type.kind === 'message' && omitZero && value === undefined) return
  target[name] = shown
}

function zeroOf(type: GoType, depth: number): JsonValue {
  if (type.kind === 'message') return decodeMessage(new Uint8Array(), type.message, depth + 1)
  return type.kind === 'scalar' ? zeroScalar(type.name) : null
}
