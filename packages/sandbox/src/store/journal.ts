import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObjectTree } from './object-tree.ts'
import { encodeRecord, type LogRecord } from './records.ts'
import type { Entry, ObjectKey } from './types.ts'

/** A log is begun anew when it is so many times larger than its objects, and larger than this many bytes. */
const SLACK = { factor: 3, bytes: 16 * 1024 * 1024 }
/** Bytes of objects per write while a log is begun anew. */
const SNAPSHOT_STEP = 1024 * 1024

/** Each log that is begun anew has the next generation. */
export const logPath = (dir: string, generation: number) => join(dir, `log.${generation}`)

type JournalState = { dir: string; generation: number; tree: ObjectTree; revision: number; live: number; size: number }

/**
 * The log on disk. What one turn of the event loop changed goes out in one write at its end. There is no fsync per write:
 * what the kernel took outlives the process, and a power failure is not what a sandbox is for.
 */
export class Journal {
  readonly #dir: string
  readonly #tree: ObjectTree
  readonly #release: () => void
  #generation: number
  #revision: number
  #file: number
  /** Bytes in the file, and of the objects that it holds. */
  #size: number
  #live: number
  #pending: Buffer[] = []
  #flushed: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined
  #rotation: Promise<void> | undefined
  /** Written since the next log was begun: belongs behind its objects. */
  #tail: Buffer[] | undefined
  #closing = false

  constructor({ dir, generation, tree, revision, live, size }: JournalState, release: () => void) {
    this.#dir = dir
    this.#generation = generation
    this.#tree = tree
    this.#revision = revision
    this.#live = live
    this.#size = size
    this.#file = openSync(logPath(dir, generation), 'a')
    this.#release = release
  }

  put(key: ObjectKey, revision: number, bytes: Buffer, previous: Entry | undefined): void {
    this.#append({ type: 'put', key, revision, bytes })
    this.#live += bytes.length - (previous?.bytes.length ?? 0)
  }

  remove(previous: Entry, revision: number): void {
    this.#append({ type: 'remove', key: previous.key, revision })
    this.#live -= previous.bytes.length
  }

  /** So that no revision is given twice, though nothing was written at it. */
  advance(revision: number): void {
    this.#append({ type: 'base', revision })
  }

  /** Resolves when everything so far was handed to the kernel. */
  async written(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await this.#flushed?.promise
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#flush()
    await this.#rotation
    closeSync(this.#file)
    this.#release()
    if (this.#failure !== undefined) throw this.#failure
  }

  #append(record: LogRecord): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#closing) throw new Error('the store is closed')
    this.#revision = record.revision
    this.#pending.push(...encodeRecord(record))
    if (this.#flushed !== undefined) return
    this.#flushed = Promise.withResolvers()
    // Whoever does not wait for it must not crash by it; who does gets the error.
    this.#flushed.promise.catch(() => {})
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    const flushed = this.#flushed
    if (flushed === undefined) return
    const pending = this.#pending
    this.#pending = []
    this.#flushed = undefined
    try {
      this.#size += writeAll(this.#file, pending)
      this.#tail?.push(...pending)
      flushed.resolve()
    } catch (error) {
      // A part may have been written: nothing can follow it, and a restart cuts it off.
      this.#failure = new Error(`${logPath(this.#dir, this.#generation)} cannot be written`, { cause: error })
      flushed.reject(this.#failure)
    }
    const full = this.#size > SLACK.bytes && this.#size > this.#live * SLACK.factor
    if (full && this.#rotation === undefined && !this.#closing && this.#failure === undefined) this.#beginRotation()
  }

  #beginRotation(): void {
    const objects = [...this.#tree.all()]
    this.#tail = []
    this.#rotation = this.#rotate(objects, this.#revision)
      .catch((error: unknown) => {
        // The present log stays good; the next write tries again.
        process.emitWarning(`${this.#dir}: a new log could not be written: ${String(error)}`)
      })
      .finally(() => {
        this.#tail = undefined
        this.#rotation = undefined
      })
  }

  /** Writes the objects to a new log beside the work that goes on, then lets it take the place of the present one. */
  async #rotate(objects: readonly Entry[], revision: number): Promise<void> {
    const draft = `${logPath(this.#dir, this.#generation + 1)}.new`
    const handle = await open(draft, 'w')
    try {
      const size = await writeObjects(handle, objects, revision, () => this.#closing)
      await handle.datasync()
      if (!this.#closing) this.#switch(draft, size)
    } finally {
      await handle.close()
      rmSync(draft, { force: true })
    }
  }

  #switch(draft: string, size: number): void {
    this.#flush()
    if (this.#failure !== undefined) return
    const file = openSync(draft, 'a')
    let tail: number
    try {
      tail = writeAll(file, this.#tail ?? [])
      renameSync(draft, logPath(this.#dir, this.#generation + 1))
    } catch (error) {
      closeSync(file)
      throw error
    }
    closeSync(this.#file)
    rmSync(logPath(this.#dir, this.#generation))
    this.#generation++
    this.#file = file
    this.#size = size + tail
  }
}

/** Writes the beginning of a log: the objects as they are at `revision`. Answers its size. */
async function writeObjects(
  handle: FileHandle,
  objects: readonly Entry[],
  revision: number,
  aborted: () => boolean,
): Promise<number> {
  let size = 0
  let step: Buffer[] = []
  let bytes = 0
  for (const { key, revision: at, bytes: object } of objects) {
    step.push(...encodeRecord({ type: 'put', key, revision: at, bytes: object }))
    bytes += object.length
    if (bytes < SNAPSHOT_STEP) continue
    if (aborted()) return size
    size += (await handle.writev([Buffer.concat(step)])).bytesWritten
    step = []
    bytes = 0
  }
  const last = Buffer.concat([...step, ...encodeRecord({ type: 'whole', revision })])
  return size + (await handle.writev([last])).bytesWritten
}

/** Writes a log without objects; a kill in between leaves none. */
export function writeEmptyLog(path: string): void {
  const draft = `${path}.new`
  writeFileSync(draft, Buffer.concat(encodeRecord({ type: 'whole', revision: 0 })))
  renameSync(draft, path)
}

/** The call may take fewer bytes than it was given. */
function writeAll(file: number, buffers: readonly Buffer[]): number {
  if (buffers.length === 0) return 0
  let rest = Buffer.concat(buffers)
  const size = rest.length
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest))
  return size
}
