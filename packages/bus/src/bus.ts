import { errors, type NatsConnection } from '@nats-io/transport-node'
import pLimit from 'p-limit'
import type { z } from 'zod'
import { Bucket } from './bucket.ts'
import { type BusConnection, connect } from './connect.ts'
import type { PartitionConsumerOptions } from './consumer-options.ts'
import type { CopiesEvent } from './copies.ts'
import { type Contents, type InventoryItem, readInventory } from './inventory.ts'
import { Layout, type Part } from './layout.ts'
import { Membership } from './membership.ts'
import type { Messages } from './messages.ts'
import { listParked, type ParkedKey } from './parked.ts'
import { PartitionConsumer } from './partition-consumer.ts'
import type { KeyView } from './partition-view.ts'
import { impatient, type Patience } from './patience.ts'
import { NatsPublishPort } from './publish-port.ts'
import { type PublishEvent, PublishTrouble } from './publish-trouble.ts'
import { type Publication, Publisher } from './publisher.ts'
import { Snapshots } from './snapshots.ts'
import { StateStream } from './stream.ts'

export type BusOptions = {
  connection: BusConnection
  prefix: string
  partitions: number
  /** Copies of each stream and bucket; left out: 3 in a NATS cluster, or as many more as are there already, else 1. */
  replicas?: number
  /** For the buckets and subscriptions that are made later; left out: what NATS cannot do at once is an error. */
  patience?: Patience
  /** Told of streams that have another number of copies than they are to have. */
  copies?: (event: CopiesEvent) => void
  /** Told how publications fare. */
  report?: (event: PublishEvent) => void
  /** Told what the server does not let this user do: an error that names the subject. */
  refused?: (error: Error) => void
  /** Which trace what is published now belongs to, as a W3C traceparent; left out where nobody traces. */
  traceparent?: () => string | undefined
}

const CLOSE_MS = 2_000
/**
 * Partitions that are loaded at once. nats-server (max_pending, 64 MiB by default) cuts whoever leaves more unread, which who parses
 * the last batch does; each load has a batch under way.
 */
const LOADS_AT_ONCE = 4

/** A process's side of the bus: everything that the broker does with NATS goes through here. */
export class Bus {
  readonly layout: Layout
  readonly #connection: NatsConnection
  readonly #stream: StateStream
  readonly #port: NatsPublishPort
  readonly #publisher: Publisher
  readonly #snapshots: Snapshots
  readonly #traceparent: BusOptions['traceparent']
  readonly #inTurn = pLimit(LOADS_AT_ONCE)
  readonly #trouble: PublishTrouble
  readonly #patience: Patience
  #connected = true

  private constructor(
    connection: NatsConnection,
    layout: Layout,
    stream: StateStream,
    {
      trouble,
      traceparent,
      patience = impatient,
    }: Pick<BusOptions, 'traceparent' | 'patience'> & { trouble: PublishTrouble },
  ) {
    this.#connection = connection
    this.layout = layout
    this.#stream = stream
    this.#trouble = trouble
    this.#traceparent = traceparent
    this.#patience = patience
    this.#snapshots = new Snapshots(traceparent !== undefined)
    this.#port = new NatsPublishPort(connection, layout, stream)
    this.#publisher = new Publisher(this.#port, layout, trouble)
    stream.onLost(() => this.#publisher.forget()) // before any other listener, which may publish all again
    void this.#followStatus()
  }

  /** @throws {BusUnusableError} if the server cannot serve the broker. @throws {TooFewServersError} see `isUnreachable` */
  static async open(options: BusOptions): Promise<Bus> {
    const layout = new Layout(options.prefix, options.partitions)
    const trouble = new PublishTrouble(options.report ?? (() => undefined))
    const connection = await connect(options.connection, layout.inbox(options.connection.name))
    void tellRefusals(connection, options.refused)
    try {
      const copies = { wanted: options.replicas, ...(options.copies === undefined ? {} : { report: options.copies }) }
      const stream = await StateStream.open(connection, layout, copies)
      return new Bus(connection, layout, stream, { ...options, trouble })
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Resolves to its sequence when the server has stored it. @throws {TooLargeError} @throws {OvertakenError} see `after` */
  publish<P extends Part>(publication: Publication<P>): Promise<number> {
    const traceparent = publication.traceparent ?? this.#traceparent?.()
    return this.#publisher.publish(traceparent === undefined ? publication : { ...publication, traceparent })
  }

  /** Why the server does not store what is published; undefined while it does. */
  get publishTrouble(): string | undefined {
    return this.#trouble.reason
  }

  /** Why the streams, which went, could not be made again; undefined while they are there. */
  get streamTrouble(): string | undefined {
    return this.#stream.obstacle
  }

  /** Puts the last message of one part of a key into `view`, as the stream has it now. */
  async refresh(view: KeyView, part: Part, key: string): Promise<void> {
    const subject = this.layout.subject(part, key)
    view.forget(part) // where that is not to be read, nothing is known of it
    const message = await this.#port.last(subject)
    if (message !== undefined) view.put(part, undefined, this.#snapshots.of(part, { ...message, subject }), Date.now())
  }

  /** Tells the owner of each partition to look at all of its keys. */
  nudgePartitions<P extends Part>(part: P, message: Messages[P]): Promise<void> {
    return this.#publisher.publishToPartitions(part, message)
  }

  consume<M>(options: PartitionConsumerOptions<M>): Promise<PartitionConsumer<M>> {
    const surroundings = {
      connection: this.#connection,
      layout: this.layout,
      stream: this.#stream,
      snapshots: this.#snapshots,
      inTurn: this.#inTurn,
      patience: this.#patience,
    }
    return PartitionConsumer.start(surroundings, options)
  }

  bucket<T>(name: string, schema: z.ZodType<T>): Promise<Bucket<T>> {
    const around = { connection: this.#connection, copies: this.#stream.copies, patience: this.#patience }
    return Bucket.open(around, name, schema)
  }

  membership(service: string, id: string, changed: () => void): Membership {
    return new Membership(this.#connection, { subject: this.layout.membersSubject(service), id, changed })
  }

  /** What the stream holds of `contents`, by headers; none of them may be part of another. */
  inventory(contents: Contents[]): Promise<InventoryItem[]> {
    return readInventory(this.#connection, this.layout, contents)
  }

  /** Calls `listener` each time the stream was lost with all that it held. */
  onLost(listener: () => void): () => void {
    return this.#stream.onLost(listener)
  }

  parked(): Promise<ParkedKey[]> {
    return listParked(this.#connection, this.layout)
  }

  get isConnected(): boolean {
    return this.#connected && !this.#connection.isClosed()
  }

  /** Sends what is still to be sent and ends the connection; does not wait long for a server that is away. */
  async close(): Promise<void> {
    if (this.#connection.isClosed()) return
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#connected ? CLOSE_MS : 0)
    })
    await Promise.race([this.#connection.drain().catch(() => undefined), patience])
    clearTimeout(timer)
    await this.#connection.close()
  }

  async #followStatus(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') {
        this.#connected = false
        this.#publisher.forget() // the server may come back without what it stored last
      } else if (type === 'reconnect') this.#connected = true
    }
  }
}

async function tellRefusals(connection: NatsConnection, refused: BusOptions['refused']): Promise<void> {
  for await (const status of connection.status())
    if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) refused?.(status.error)
}
