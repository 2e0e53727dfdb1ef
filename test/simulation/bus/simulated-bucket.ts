import type { BucketEntry } from '@resource-broker/bus'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { running } from '../world/virtual-time.ts'

type Reader = {
  process: Process | undefined
  due: number
  tell: (entry: BucketEntry<unknown> | 'ready' | 'lost') => void
}

/** What the server has of one bucket. */
export class BucketStore {
  readonly #values = new Map<string, string>()
  readonly #readers = new Set<Reader>()
  readonly #time: VirtualTime
  readonly #delay: () => number

  constructor(time: VirtualTime, delay: () => number) {
    this.#time = time
    this.#delay = delay
  }

  /** Resolves when the write is answered. */
  write(key: string, value: string | undefined): Promise<void> {
    const who = running.getStore()
    return new Promise((resolve) => {
      this.#time.after(this.#delay(), () => {
        if (value === undefined) this.#values.delete(key)
        else this.#values.set(key, value)
        for (const reader of this.#readers) this.#send(reader, entryOf(key, value))
        this.#time.after(this.#delay(), resolve, who)
      })
    })
  }

  read(reader: Omit<Reader, 'due'>): () => void {
    const entry = { ...reader, due: 0 }
    this.#readers.add(entry)
    for (const [key, value] of this.#values) this.#send(entry, entryOf(key, value))
    this.#send(entry, 'ready')
    return () => void this.#readers.delete(entry)
  }

  /** It is gone with all that it held. */
  wipe(): void {
    this.#values.clear()
    for (const reader of this.#readers) this.#send(reader, 'lost')
    this.#readers.clear()
  }

  #send(reader: Reader, what: Parameters<Reader['tell']>[0]): void {
    reader.due = Math.max(reader.due, this.#time.elapsed + this.#delay())
    this.#time.after(reader.due - this.#time.elapsed, () => reader.tell(what), reader.process)
  }
}

const entryOf = (key: string, value: string | undefined): BucketEntry<unknown> => ({
  key,
  value: value === undefined ? undefined : JSON.parse(value),
})

/** What one process has of a bucket. */
export class SimulatedBucket<T> {
  readonly #store: BucketStore
  readonly #lost = new Set<() => void>()

  constructor(store: BucketStore) {
    this.#store = store
  }

  onLost(listener: () => void): void {
    this.#lost.add(listener)
  }

  put(key: string, value: T): Promise<void> {
    return this.#store.write(key, JSON.stringify(value))
  }

  delete(key: string): Promise<void> {
    return this.#store.write(key, undefined)
  }

  async *watch(_signal?: AbortSignal): AsyncGenerator<BucketEntry<T> | 'ready'> {
    const queue: (BucketEntry<unknown> | 'ready' | 'lost')[] = []
    let wake: (() => void) | undefined
    const stop = this.#store.read({
      process: running.getStore(),
      tell: (entry) => {
        queue.push(entry)
        wake?.()
      },
    })
    try {
      for (;;) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          if (next === 'lost') return this.#tellLost()
          yield next as BucketEntry<T> | 'ready'
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      stop()
    }
  }

  #tellLost(): void {
    for (const listener of this.#lost) listener()
  }
}
