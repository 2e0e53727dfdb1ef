import { setTimeout as delay } from 'node:timers/promises'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { parseJson, stringifyJson } from '@resource-broker/json'
import type { z } from 'zod'
import type { Copies } from './copies.ts'
import { isUnreachable } from './errors.ts'
import { listen } from './listen.ts'
import type { Patience } from './patience.ts'
import { AFTER_DELETION_MS } from './stream.ts'

/** Each is given 5 s by the client; servers that lost their leader have another within 9 s (nats-server's raft), on a busy machine later. */
const MOST_TRIES = 5

/** What a bucket has of its bus. */
export type BucketSurroundings = { connection: NatsConnection; copies: Copies; patience: Patience }

export type BucketEntry<T> = { key: string; value: T | undefined }

/**
 * A key-value bucket of JSON values of one schema, made when absent and made again when somebody deleted it.
 * Keys are subject tokens joined by dots.
 */
export class Bucket<T> {
  readonly #connection: NatsConnection
  readonly #name: string
  readonly #schema: z.ZodType<T>
  readonly #copies: Copies
  readonly #lost = new Set<() => void>()
  #kv: Promise<KV> | undefined
  /** Over when the bucket may be made again. */
  #rest: Promise<void> = Promise.resolve()

  private constructor({ connection, copies }: BucketSurroundings, name: string, schema: z.ZodType<T>) {
    this.#connection = connection
    this.#name = name
    this.#schema = schema
    this.#copies = copies
    const lost = () => {
      this.#kv = undefined
      for (const listener of this.#lost) listener()
    }
    const deleted = () => {
      this.#rest = delay(AFTER_DELETION_MS)
      lost()
    }
    listen(connection, `$JS.EVENT.ADVISORY.STREAM.DELETED.KV_${name}`, deleted)
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'reconnect') lost()
    })()
  }

  static async open<T>(around: BucketSurroundings, name: string, schema: z.ZodType<T>): Promise<Bucket<T>> {
    const bucket = new Bucket(around, name, schema)
    await around.patience(`NATS/${name}`, () => bucket.#open())
    return bucket
  }

  /** Calls `listener` when what the bucket held may be gone: it was deleted, or the server was away. */
  onLost(listener: () => void): void {
    this.#lost.add(listener)
  }

  async put(key: string, value: T): Promise<void> {
    await this.#write((kv) => kv.put(key, stringifyJson(value)))
  }

  async delete(key: string): Promise<void> {
    await this.#write((kv) => kv.delete(key))
  }

  /**
   * Yields all entries there are, then `ready`, then each change, until the bucket is lost or `signal` aborts.
   * An entry that does not fit the schema is yielded without its value.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<BucketEntry<T> | 'ready'> {
    const kv = await this.#open()
    const entries = await kv.watch()
    const stop = () => entries.stop()
    signal.addEventListener('abort', stop, { once: true })
    this.#lost.add(stop)
    try {
      const { values } = await kv.status()
      if (values === 0) yield 'ready'
      let ready = values === 0
      for await (const entry of entries) {
        const parsed = entry.operation === 'PUT' ? this.#parse(entry.value) : undefined
        yield { key: entry.key, value: parsed }
        if (!ready && (entry.delta ?? 0) === 0) {
          ready = true
          yield 'ready'
        }
      }
    } finally {
      this.#lost.delete(stop)
      signal.removeEventListener('abort', stop)
      entries.stop()
    }
  }

  /** A bucket that went without a word is made again, once; one whose servers have yet to agree on a leader is asked again. */
  async #write(write: (kv: KV) => Promise<unknown>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await write(await this.#open())
        return
      } catch (error) {
        this.#kv = undefined
        if (tries > 1 && !(isUnreachable(error) && tries < MOST_TRIES)) throw error
      }
    }
  }

  #parse(value: Uint8Array): T | undefined {
    try {
      return this.#schema.parse(parseJson(Buffer.from(value).toString('utf8')))
    } catch {
      return undefined // documented: yielded without its value
    }
  }

  #open(): Promise<KV> {
    this.#kv ??= this.#rest
      .then(() => this.#make())
      .catch((error: unknown) => {
        this.#kv = undefined
        throw this.#copies.refusal(`KV_${this.#name}`, error)
      })
    return this.#kv
  }

  async #make(): Promise<KV> {
    const kv = await new Kvm(this.#connection).create(this.#name, { replicas: this.#copies.aim, history: 1 })
    await this.#copies.bring((await kv.status()).streamInfo)
    return kv
  }
}
