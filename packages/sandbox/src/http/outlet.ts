import type { ServerResponse } from 'node:http'
import type { StreamSink } from '../kube/http.ts'

type Hooks = { pendingBytes: number; onDirty: () => void; onClosed: () => void }

/** Small chunks are joined into one write of about this size; it bounds what the sockets hold besides the shared chunks. */
const WRITE_BYTES = 64 * 1024

/**
 * The body of one answer while it is being sent. Chunks wait here, by reference, until the socket has room: a slow client
 * costs pointers, not copies. A stream may begin with any amount (the initial state of a watch); from then on at
 * most `pendingBytes` more may wait.
 */
export class Outlet implements StreamSink {
  readonly #response: ServerResponse
  readonly #hooks: Hooks
  #queue: Buffer[] = []
  /** Chunks of the queue that are gone already. */
  #taken = 0
  #queued = 0
  #allowance: number | undefined
  #dirty = false
  #state: 'open' | 'ending' | 'closed' = 'open'
  #listeners: (() => void)[] = []
  /** When the client last took something, in `performance.now()`; infinite while nothing waits for it. */
  waitingSince = Number.POSITIVE_INFINITY

  constructor(response: ServerResponse, hooks: Hooks) {
    this.#response = response
    this.#hooks = hooks
    response.on('drain', () => this.flush())
    response.once('close', () => this.#close())
  }

  get pending(): number {
    return this.#queued + this.#response.writableLength
  }

  write(chunk: Buffer): void {
    if (this.#state !== 'open') return
    this.#queue.push(chunk)
    this.#queued += chunk.length
    this.#markDirty()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#listeners = []
    this.#markDirty()
  }

  onClose(listener: () => void): void {
    if (this.#state === 'closed') listener()
    else if (this.#state === 'open') this.#listeners.push(listener)
  }

  /** As `end`, and tells who listens. */
  endByServer(): void {
    const listeners = this.#listeners
    this.end()
    for (const listener of listeners) listener()
  }

  /** Drops the connection. */
  cut(): void {
    this.#response.destroy()
    this.#close()
  }

  /** Hands on what the socket has room for. */
  flush(): void {
    this.#dirty = false
    if (this.#state === 'closed') return
    this.#allowance ??= this.#queued + this.#hooks.pendingBytes
    if (!this.#response.writableNeedDrain) this.waitingSince = performance.now()
    while (this.#queued > 0 && !this.#response.writableNeedDrain) this.#response.write(this.#next())
    if (this.#queued === 0 && !this.#response.writableNeedDrain) this.waitingSince = Number.POSITIVE_INFINITY
    if (this.#queued === 0 && this.#state === 'ending') this.#response.end()
    if (this.#queued > this.#allowance) this.cut()
  }

  #markDirty(): void {
    if (this.#dirty) return
    this.#dirty = true
    this.#hooks.onDirty()
  }

  /** The next piece of the queue, as one buffer. */
  #next(): Buffer {
    const from = this.#taken
    let size = 0
    do size += this.#queue[this.#taken++]?.length ?? 0
    while (this.#taken < this.#queue.length && size < WRITE_BYTES)
    const first = this.#queue[from]
    const piece =
      this.#taken - from === 1 && first !== undefined
        ? first
        : Buffer.concat(this.#queue.slice(from, this.#taken), size)
    this.#queued -= size
    if (this.#taken === this.#queue.length) this.#forget()
    // So that a stream that never runs dry does not keep all it ever sent.
    else if (this.#taken > 1_024) this.#forget()
    return piece
  }

  #forget(): void {
    this.#queue = this.#queue.slice(this.#taken)
    this.#taken = 0
  }

  #close(): void {
    if (this.#state === 'closed') return
    const listeners = this.#listeners
    this.#state = 'closed'
    this.#queue = []
    this.#listeners = []
    this.#queued = 0
    this.waitingSince = Number.POSITIVE_INFINITY
    this.#hooks.onClosed()
    for (const listener of listeners) listener()
  }
}
