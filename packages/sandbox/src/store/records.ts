import { crc32 } from 'node:zlib'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { ownCopy } from './own-copy.ts'
import type { ObjectKey } from './types.ts'

/** One step of a log. `base` gives the revision alone, `whole` stands behind the objects that were there when it was begun. */
export type LogRecord =
  | { type: 'base'; revision: number }
  | { type: 'whole'; revision: number }
  | { type: 'put'; revision: number; key: ObjectKey; bytes: Buffer }
  | { type: 'remove'; revision: number; key: ObjectKey }

const TYPES = ['base', 'whole', 'put', 'remove'] as const

/** Stands before each record, so that records behind a broken one can be found. */
const MARK = Buffer.from([0xd5, 0x52, 0x42, 0x0a])
/** Mark, length and checksum of the payload. */
const HEADER = 12
/** Type, revision, length of the key. */
const PREFIX = 11
/** No object comes near it; a larger length is a broken one. */
const LARGEST = 64 * 1024 * 1024

/** Header, payload: type (1 byte), revision (6), length of the key (4), key as JSON, object. */
export function encodeRecord(record: LogRecord): Buffer[] {
  const key = 'key' in record ? keyText(record.key) : Buffer.alloc(0)
  const bytes = record.type === 'put' ? record.bytes : undefined
  const head = Buffer.allocUnsafe(HEADER + PREFIX + key.length)
  head.writeUInt8(TYPES.indexOf(record.type), HEADER)
  head.writeUIntBE(record.revision, HEADER + 1, 6)
  head.writeUInt32BE(key.length, HEADER + 7)
  key.copy(head, HEADER + PREFIX)
  MARK.copy(head)
  head.writeUInt32BE(PREFIX + key.length + (bytes?.length ?? 0), 4)
  const checksum = crc32(head.subarray(HEADER))
  head.writeUInt32BE(bytes === undefined ? checksum : crc32(bytes, checksum), 8)
  return bytes === undefined ? [head] : [head, bytes]
}

function keyText({ resource, cluster, namespace, name }: ObjectKey): Buffer {
  return Buffer.from(stringifyJson([resource, cluster, namespace, name]))
}

/** `incomplete`: the buffer ends within the record; `broken`: these bytes are no record. */
export type Decoded = { record: LogRecord; end: number } | 'incomplete' | 'broken'

/** Reads the record at `start`; its bytes are copied out of the buffer. */
export function decodeRecord(buffer: Buffer, start: number): Decoded {
  const mark = buffer.subarray(start, start + MARK.length)
  if (!MARK.subarray(0, mark.length).equals(mark)) return 'broken'
  if (buffer.length - start < HEADER) return 'incomplete'
  const length = buffer.readUInt32BE(start + 4)
  if (length < PREFIX || length > LARGEST) return 'broken'
  const end = start + HEADER + length
  if (buffer.length < end) return 'incomplete'
  const payload = buffer.subarray(start + HEADER, end)
  if (crc32(payload) !== buffer.readUInt32BE(start + 8)) return 'broken'
  return { record: decodePayload(payload), end }
}

function decodePayload(payload: Buffer): LogRecord {
  const type = TYPES[payload.readUInt8(0)]
  const revision = payload.readUIntBE(1, 6)
  if (type === undefined) throw new Error(`unknown type of record: ${payload.readUInt8(0)}`)
  if (type === 'base' || type === 'whole') return { type, revision }
  const end = PREFIX + payload.readUInt32BE(7)
  const [resource, cluster, namespace, name] = parseJson<[string, string, string, string]>(
    payload.toString('utf8', PREFIX, end),
  )
  const key = { resource, cluster, namespace, name }
  return type === 'remove' ? { type, revision, key } : { type, revision, key, bytes: ownCopy(payload.subarray(end)) }
}

/** Where a complete record stands at or behind `start`. */
export function findRecord(buffer: Buffer, start: number): number | undefined {
  for (let at = buffer.indexOf(MARK, start); at >= 0; at = buffer.indexOf(MARK, at + 1)) {
    if (typeof decodeRecord(buffer, at) === 'object') return at
  }
  return undefined
}
