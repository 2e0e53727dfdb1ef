import {
  type ConsumerConfig,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import type { Layout } from './layout.ts'

/** How long the server recognises a publication that it has had already: longer than a watch lags behind its writer. */
const DUPLICATE_WINDOW_MS = 20_000
const PARKED_FOR_MS = 7 * 24 * 3_600_000
const PARKED_AT_MOST = 10_000

/**
 * The stream of state and what is around it, made when absent. Whoever deletes it, at whatever moment, only makes the services
 * build it again: `onLost` listeners are then called, after the new one stands.
 */
export class StateStream {
  readonly jsm: JetStreamManager
  readonly #layout: Layout
  readonly #replicas: number
  readonly #lost = new Set<() => void>()
  #created = ''
  #ensuring: Promise<void> | undefined

  private constructor(jsm: JetStreamManager, layout: Layout, replicas: number) {
    this.jsm = jsm
    this.#layout = layout
    this.#replicas = replicas
  }

  static async open(connection: NatsConnection, layout: Layout, replicas = 1): Promise<StateStream> {
    const jsm = await jetstreamManager(connection)
    const stream = new StateStream(jsm, layout, replicas)
    await stream.ensure()
    stream.#watch(connection)
    return stream
  }

  /** Calls `listener` each time the stream was lost with all that it held, and stands again empty. */
  onLost(listener: () => void): () => void {
    this.#lost.add(listener)
    return () => this.#lost.delete(listener)
  }

  /** Makes the streams if they are not there. Calls in parallel share one attempt. */
  ensure(): Promise<void> {
    this.#ensuring ??= this.#ensure().finally(() => {
      this.#ensuring = undefined
    })
    return this.#ensuring
  }

  /** Makes or updates a durable consumer of the stream. */
  async ensureConsumer(config: Partial<ConsumerConfig> & { durable_name: string }): Promise<void> {
    await this.ensure()
    try {
      await this.jsm.consumers.add(this.#layout.stream, config)
    } catch (error) {
      if (!isConsumerExists(error)) throw error
      await this.jsm.consumers.update(this.#layout.stream, config.durable_name, config)
    }
  }

  async #ensure(): Promise<void> {
    const info = await this.#add({
      name: this.#layout.stream,
      subjects: [this.#layout.subjects],
      max_msgs_per_subject: 1,
      allow_direct: true,
      allow_msg_ttl: true,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    })
    await this.#add({
      name: this.#layout.parkedStream,
      subjects: [`${this.#layout.parkedStream}.>`],
      max_age: nanos(PARKED_FOR_MS),
      max_msgs: PARKED_AT_MOST,
    })
    const known = this.#created
    this.#created = info.created
    if (known !== '' && known !== info.created) for (const listener of this.#lost) listener()
  }

  async #add(config: Partial<StreamConfig> & { name: string }) {
    const full = { ...config, retention: RetentionPolicy.Limits, storage: StorageType.File, discard: DiscardPolicy.Old, num_replicas: this.#replicas }
    try {
      return await this.jsm.streams.add(full)
    } catch (error) {
      if (!isStreamExists(error)) throw error
      return await this.jsm.streams.update(config.name, full)
    }
  }

  /** The server tells of deleted streams by advisory; after a reconnect it may be another server, or one that lost its disk. */
  #watch(connection: NatsConnection): void {
    const recover = () => {
      if (connection.isClosed()) return
      this.ensure().catch(() => setTimeout(recover, 500).unref())
    }
    for (const name of [this.#layout.stream, this.#layout.parkedStream]) {
      connection.subscribe(`$JS.EVENT.ADVISORY.STREAM.DELETED.${name}`, { callback: recover })
    }
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'reconnect') recover()
    })()
  }
}

/** "stream name already in use with a different configuration" (error 10058 of the JetStream API). */
function isStreamExists(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10058
}

/** "consumer already exists" (10105, 10148 of the JetStream API). */
function isConsumerExists(error: unknown): boolean {
  return error instanceof JetStreamApiError && (error.code === 10105 || error.code === 10148)
}
