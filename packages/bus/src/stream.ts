import { setTimeout as delay } from 'node:timers/promises'
import {
  type ConsumerConfig,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { errors, type NatsConnection, nanos } from '@nats-io/transport-node'
import { Copies, type CopiesEvent } from './copies.ts'
import { BusUnusableError, isMissingStream, isWithoutLeader, TooFewServersError } from './errors.ts'
import type { Layout } from './layout.ts'
import { listen } from './listen.ts'

/** How long the server recognises a publication that it has had already: longer than a watch lags behind its writer. */
export const DUPLICATE_WINDOW_MS = 20_000
/**
 * How long a stream that was deleted is left alone. nats-server 2.15.2 panics (in newFileStoreWithCreatedAndMode) when a stream is made
 * while it still removes the files of the one before of that name, and tells clients of the deletion before it does so.
 */
export const AFTER_DELETION_MS = 1_000
const PARKED_FOR_MS = 7 * 24 * 3_600_000
const PARKED_AT_MOST = 10_000

/**
 * The stream of state and what is around it, made when absent. Whoever deletes it, at whatever moment, only makes the services
 * build it again: `onLost` listeners are then called, after the new one stands.
 */
export class StateStream {
  readonly jsm: JetStreamManager
  readonly copies: Copies
  readonly #layout: Layout
  readonly #lost = new Set<() => void>()
  /** Consumers that had no leader when they were last asked for. */
  readonly #silent = new Set<string>()
  #created = ''
  #ensuring: Promise<void> | undefined
  #obstacle: string | undefined

  private constructor(jsm: JetStreamManager, layout: Layout, copies: Copies) {
    this.jsm = jsm
    this.copies = copies
    this.#layout = layout
  }

  /** @throws {BusUnusableError} @throws {TooFewServersError} see `Copies` */
  static async open(
    connection: NatsConnection,
    layout: Layout,
    copies: { wanted?: number | undefined; report?: (event: CopiesEvent) => void } = {},
  ): Promise<StateStream> {
    const jsm = await jetstreamManager(connection).catch((cause: unknown) => {
      if (!isRefusal(cause) || isWithoutLeader(cause)) throw cause
      throw new BusUnusableError(`JetStream is not there for this account: ${cause.message}`, { cause })
    })
    const stream = new StateStream(jsm, layout, new Copies(jsm, connection, copies))
    await stream.ensure()
    stream.#watch(connection)
    return stream
  }

  /** Calls `listener` each time the stream was lost with all that it held, and stands again empty. */
  onLost(listener: () => void): () => void {
    this.#lost.add(listener)
    return () => this.#lost.delete(listener)
  }

  /** Why the streams could not be made when they were last looked for. */
  get obstacle(): string | undefined {
    return this.#obstacle
  }

  /** Makes the streams if they are not there. Calls in parallel share one attempt. */
  ensure(): Promise<void> {
    this.#ensuring ??= this.#ensure()
      .then(
        () => {
          this.#obstacle = undefined
        },
        (error: Error) => {
          this.#obstacle = error.message
          throw error
        },
      )
      .finally(() => {
        this.#ensuring = undefined
      })
    return this.#ensuring
  }

  /** Makes or updates a durable consumer of the stream. @throws {TooFewServersError} */
  async ensureConsumer(config: Partial<ConsumerConfig> & { durable_name: string }): Promise<void> {
    await this.ensure()
    const name = config.durable_name
    try {
      await this.#addConsumer(config)
      this.#silent.delete(name)
    } catch (error) {
      if (isConsumerExists(error)) return await this.#changeConsumer(config)
      if (!(error instanceof errors.TimeoutError) || !(await this.#isAbandoned(name))) throw error
      await this.#deleteConsumer(name)
      await this.#addConsumer(config)
    }
  }

  async #addConsumer(config: Partial<ConsumerConfig> & { durable_name: string }): Promise<void> {
    await this.jsm.consumers.add(this.#layout.stream, config).catch((error: unknown) => {
      throw tooFew(config.durable_name, error)
    })
  }

  /**
   * Whether a consumer has had no leader at two looks, between which its servers had time to agree. Those that lost their memory agree on
   * one only when all are there: after a loss of all servers one that stays away would hold the rest up for good.
   */
  async #isAbandoned(name: string): Promise<boolean> {
    const isSilent = await this.jsm.consumers.info(this.#layout.stream, name).then(() => false, isWithoutLeader)
    const wasSilent = this.#silent.delete(name)
    if (isSilent) this.#silent.add(name)
    return isSilent && wasSilent
  }

  /** Nobody may answer: who would are those that do not agree. */
  async #deleteConsumer(name: string): Promise<void> {
    try {
      await this.jsm.consumers.delete(this.#layout.stream, name)
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error
    }
  }

  /** What cannot be changed, such as how it delivers, is made anew: a consumer holds nothing that its next owner does not load. */
  async #changeConsumer(config: Partial<ConsumerConfig> & { durable_name: string }): Promise<void> {
    const { stream } = this.#layout
    try {
      await this.jsm.consumers.update(stream, config.durable_name, config)
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error
      await this.jsm.consumers.delete(stream, config.durable_name)
      await this.#addConsumer(config)
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
      max_msgs_per_subject: 1,
    })
    const known = this.#created
    this.#created = info.created
    if (known !== '' && known !== info.created) for (const listener of this.#lost) listener()
  }

  async #add(config: Partial<StreamConfig> & { name: string }): Promise<StreamInfo> {
    const known = await this.#config(config.name)
    if (this.#created !== '' && known === undefined) await delay(AFTER_DELETION_MS)
    const first_seq = known === undefined ? firstSequence() : known.first_seq
    const wanted = {
      ...config,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
    }
    const num_replicas = known?.num_replicas ?? this.copies.aim
    const made = { ...wanted, num_replicas, ...(first_seq === undefined ? {} : { first_seq }) }
    const info = await this.jsm.streams.add(made).catch(async (error: unknown) => {
      if (isStreamExists(error)) return await this.#update(wanted)
      throw this.copies.refusal(config.name, unusable(config.name, error))
    })
    await this.copies.bring(info)
    return info
  }

  /** Its first sequence stays always: what a stream holds from before that is taken away when the server starts again, without a word. */
  async #update(config: Partial<StreamConfig> & { name: string }): Promise<StreamInfo> {
    await this.#refuseForeign(config)
    return await this.jsm.streams.update(config.name, config)
  }

  async #config(name: string): Promise<StreamConfig | undefined> {
    return await this.jsm.streams.info(name).then(
      ({ config }) => config,
      (error: unknown) => {
        if (isMissingStream(error)) return undefined
        throw error
      },
    )
  }

  async #refuseForeign({ name, subjects = [] }: Partial<StreamConfig> & { name: string }): Promise<void> {
    const { config } = await this.jsm.streams.info(name)
    if (config.subjects?.join() === subjects.join()) return
    throw new BusUnusableError(
      `the stream "${name}" is there with other subjects (${config.subjects}): choose another prefix`,
    )
  }

  /** The server tells of deleted streams by advisory; after a reconnect it may be another server, or one that lost its disk. */
  #watch(connection: NatsConnection): void {
    const recover = () => {
      if (connection.isClosed()) return
      this.ensure().catch(() => setTimeout(recover, 500).unref())
    }
    for (const name of [this.#layout.stream, this.#layout.parkedStream]) {
      listen(connection, `$JS.EVENT.ADVISORY.STREAM.DELETED.${name}`, recover)
    }
    void (async () => {
      for await (const status of connection.status()) if (status.type === 'reconnect') recover()
    })()
  }
}

/**
 * The first sequence of a stream that is made now: microseconds since 1970, which is more than messages were ever stored before. So what
 * counts on a message of a stream that was lost meets none of that sequence in the one that took its place.
 */
const firstSequence = (): number => Date.now() * 1_000

/** JetStream said no, or nobody answers for it. */
function isRefusal(error: unknown): error is Error {
  return error instanceof JetStreamApiError || (error instanceof Error && error.name === 'JetStreamNotEnabled')
}

/** "subjects overlap with an existing stream" (error 10065) does not pass by itself. */
function unusable(name: string, error: unknown): unknown {
  if (!(error instanceof JetStreamApiError) || error.code !== 10065) return error
  return new BusUnusableError(`the stream "${name}" cannot be made: ${error.message}`, { cause: error })
}

/** "stream name already in use with a different configuration" (error 10058 of the JetStream API). */
function isStreamExists(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10058
}

/** "consumer already exists" (10105, 10148 of the JetStream API). */
function isConsumerExists(error: unknown): boolean {
  return error instanceof JetStreamApiError && (error.code === 10105 || error.code === 10148)
}

/** "insufficient resources" (error 10023 of the JetStream API): too few of the stream's servers are up, or known to be so yet. */
function tooFew(subscription: string, error: unknown): unknown {
  if (!(error instanceof JetStreamApiError) || error.code !== 10023) return error
  const message = `the subscription "${subscription}" cannot be made now, NATS lacks servers or room for it: ${error.message}`
  return new TooFewServersError(message, { cause: error })
}
