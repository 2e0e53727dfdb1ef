import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { ObjectTree } from './object-tree.ts'
import { decodeRecord, findRecord, type LogRecord } from './records.ts'

/** What a log holds; `live` is the size of its objects, `size` that of the file. */
export type Recovered = { tree: ObjectTree; revision: number; live: number; size: number }

/** Unreadable in the middle: nothing is guessed, nothing is changed. */
class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError'
}

const CHUNK = 4 * 1024 * 1024

/** Reads a log. A torn last record, as a kill in the middle of a write leaves it, is cut off. Throws CorruptLogError. */
export function recover(path: string): Recovered {
  const file = openSync(path, 'r+')
  try {
    const state = { tree: new ObjectTree(), revision: 0, live: 0, size: 0, whole: false }
    const end = readRecords(file, path, (record) => apply(state, record))
    if (!state.whole) throw new CorruptLogError(`${path} is broken at byte ${end}: it ends before its objects do`)
    ftruncateSync(file, end)
    return { tree: state.tree, revision: state.revision, live: state.live, size: end }
  } finally {
    closeSync(file)
  }
}

/** Calls `apply` for each record and answers where the last one ends. */
function readRecords(file: number, path: string, apply: (record: LogRecord) => void): number {
  const size = fstatSync(file).size
  let buffer = Buffer.alloc(0)
  /** Where `buffer` begins in the file. */
  let base = 0
  let at = 0
  for (;;) {
    const decoded = decodeRecord(buffer, at)
    if (typeof decoded === 'object') {
      apply(decoded.record)
      at = decoded.end
    } else if (decoded === 'incomplete' && base + buffer.length < size) {
      buffer = Buffer.concat([buffer.subarray(at), readChunk(file, base + buffer.length)])
      base += at
      at = 0
    } else {
      refuseWhatFollows(file, path, base + at, size)
      return base + at
    }
  }
}

function readChunk(file: number, position: number, length = CHUNK): Buffer {
  const chunk = Buffer.allocUnsafe(length)
  return chunk.subarray(0, readSync(file, chunk, 0, length, position))
}

/** A record behind the broken place means that it is not the tail that is torn. */
function refuseWhatFollows(file: number, path: string, broken: number, size: number): void {
  const rest = readChunk(file, broken, size - broken)
  const next = findRecord(rest, 1)
  if (next === undefined) return
  throw new CorruptLogError(
    `${path} is broken at byte ${broken}, and goes on at byte ${broken + next}: restore it from a copy, or remove it to begin anew`,
  )
}

type State = { tree: ObjectTree; revision: number; live: number; whole: boolean }

function apply(state: State, record: LogRecord): void {
  if (record.type === 'whole') state.whole = true
  if (record.type === 'put' || record.type === 'remove') {
    const old = state.tree.get(record.key)
    if (old !== undefined) state.live -= old.bytes.length
    if (record.type === 'remove') state.tree.remove(record.key)
    else state.live += state.tree.put(record.key, record.revision, record.bytes).bytes.length
  }
  state.revision = Math.max(state.revision, record.revision)
}
