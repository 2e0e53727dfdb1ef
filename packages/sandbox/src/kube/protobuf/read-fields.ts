import type protobuf from 'protobufjs/minimal.js'

/** Calls `read` for each field; it says false for one that it did not consume. */
export function readFields(reader: protobuf.Reader, read: (number: number, reader: protobuf.Reader) => boolean): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag >>> 3 === 0) throw new Error(`illegal tag 0 (wire type ${tag & 7})`)
    if (!read(tag >>> 3, reader)) reader.skipType(tag & 7)
  }
}
