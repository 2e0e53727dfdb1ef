import { AckPolicy, type ConsumerConfig, type ConsumerMessages, type JsMsg, jetstream } from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { isTerminal } from './errors.ts'
import { KeyQueue } from './key-queue.ts'
import { type Address, type Layout, type Part, PARTITION_KEY } from './layout.ts'
import { park } from './parked.ts'
import { loadPartition } from './load-partition.ts'
import { type KeyView, PartitionView } from './partition-view.ts'
import type { StateStream } from './stream.ts'

/** What a reconcile of a key came to. Nothing else schedules another look at it; an error counts as a wait that grows. */
export type Outcome = { done: true } | { requeueAfterMs: number; reason: string }
export const DONE: Outcome = { done: true }

export type Reconcile = (key: string, view: KeyView, attempt: number) => Promise<Outcome>

export type PartitionConsumerOptions = {
  service: string
  /** Parts whose change is a reason to look at the key again. */
  parts: Part[]
  /** Further parts that a reconcile reads but is not called for. */
  alsoLoad?: Part[]
  /** Keys that are worked on at once, over all partitions. */
  concurrency: number
  reconcile: Reconcile
  /** A message on the partition's own subject; it is handled like a key, after the keys that came before it. */
  reconcilePartition?: (partition: PartitionHandle) => Promise<void>
  report?: (event: ConsumerEvent) => void
}

export type ConsumerEvent =
  | { type: 'failed'; key: string; error: unknown; retryInMs: number }
  | { type: 'requeued'; key: string; reason: string; retryInMs: number }
  | { type: 'parked'; key: string; reason: string }
  | { type: 'reconciled'; key: string; seconds: number }
  | { type: 'took over'; partition: number; keys: number }
  | { type: 'restarting'; partition: number; reason: string }

/** A partition as its owner sees it. */
export type PartitionHandle = {
  partition: number
  keys: () => IterableIterator<string>
  view: (key: string) => KeyView
  /** Reconciles a key now, in turn with everything else of that key. */
  reconcile: (key: string) => void
}

type Delivery = { message: JsMsg; address: Address }

/** Unacknowledged messages of a replica that died come back after this time; a busy one asks for more. */
const ACK_WAIT_MS = 5_000
/** How long a partition stays with a replica that stopped asking for messages. */
const PIN_TIMEOUT_MS = 6_000
const PULL_EXPIRES_MS = 4_000
const PULL_BATCH = 256
const GROUP = 'owner'
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000

/**
 * Consumes every partition of the stream for one service. A partition is delivered to one replica at a time (a pinned pull
 * consumer); the replica that gets the first message after another, seen by a gap in the delivery sequence, loads the whole
 * partition and reconciles each of its keys once, so that nothing hangs on what the other had in memory.
 */
export class PartitionConsumer {
  readonly #connection: NatsConnection
  readonly #layout: Layout
  readonly #stream: StateStream
  readonly #options: PartitionConsumerOptions
  readonly #partitions: OwnedPartition[]
  readonly #queue: KeyQueue<Delivery | undefined>
  readonly #keepAlive: NodeJS.Timeout

  private constructor(connection: NatsConnection, layout: Layout, stream: StateStream, options: PartitionConsumerOptions) {
    this.#connection = connection
    this.#layout = layout
    this.#stream = stream
    this.#options = options
    this.#partitions = Array.from({ length: layout.partitions }, (_, p) => new OwnedPartition(p))
    this.#queue = new KeyQueue(options.concurrency, (key, deliveries) => this.#run(key, deliveries))
    this.#keepAlive = setInterval(() => this.#extend(), ACK_WAIT_MS / 2).unref()
  }

  static async start(connection: NatsConnection, layout: Layout, stream: StateStream, options: PartitionConsumerOptions): Promise<PartitionConsumer> {
    const consumer = new PartitionConsumer(connection, layout, stream, options)
    await Promise.all(consumer.#partitions.map((partition) => consumer.#consume(partition)))
    stream.onLost(() => {
      for (const partition of consumer.#partitions) consumer.#restart(partition, 'the stream was lost')
    })
    return consumer
  }

  /** What is known of a key. */
  view(key: string): KeyView {
    return this.#partition(key).view.of(key)
  }

  /** Looks at every key of the partitions that this replica owns. */
  reconcileAll(): void {
    for (const { view } of this.#partitions) for (const key of view.keys()) this.#queue.push(key, undefined)
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#queue.depth
  }

  /** Finishes what runs, hands the partitions back and stops. */
  async stop(): Promise<void> {
    clearInterval(this.#keepAlive)
    for (const partition of this.#partitions) {
      partition.stopped = true
      partition.messages?.stop()
    }
    await this.#queue.stop()
    const { stream } = this.#layout
    const unpin = (p: OwnedPartition) => this.#stream.jsm.consumers.unpin(stream, this.#durable(p.number), GROUP)
    await Promise.allSettled(this.#partitions.filter((p) => p.lastDelivery > 0).map(unpin))
  }

  #durable(partition: number): string {
    return `${this.#options.service}-${partition}`
  }

  #consumerConfig(partition: number): Partial<ConsumerConfig> & { durable_name: string } {
    const filters = this.#options.parts.map((part) => this.#layout.filter(part, partition))
    return {
      durable_name: this.#durable(partition),
      filter_subjects: filters,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: 4 * PULL_BATCH,
      priority_policy: 'pinned_client',
      priority_groups: [GROUP],
      priority_timeout: nanos(PIN_TIMEOUT_MS),
    }
  }

  async #consume(partition: OwnedPartition): Promise<void> {
    await this.#stream.ensureConsumer(this.#consumerConfig(partition.number))
    const consumer = await jetstream(this.#connection).consumers.get(this.#layout.stream, this.#durable(partition.number))
    if (partition.stopped) return
    const messages = await consumer.consume({
      group: GROUP,
      max_messages: PULL_BATCH,
      expires: PULL_EXPIRES_MS,
      callback: (message) => this.#deliver(partition, message),
    } as Parameters<typeof consumer.consume>[0])
    partition.messages = messages
    void this.#supervise(partition, messages)
  }

  /** A consumer that was deleted under us is made again. */
  async #supervise(partition: OwnedPartition, messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      if (['consumer_deleted', 'consumer_not_found', 'stream_not_found'].includes(status.type)) this.#restart(partition, status.type)
    }
  }

  #restart(partition: OwnedPartition, reason: string): void {
    if (partition.restarting || partition.stopped) return
    partition.restarting = true
    this.#options.report?.({ type: 'restarting', partition: partition.number, reason })
    partition.messages?.stop()
    partition.reset()
    const attempt = (delay: number): void => {
      this.#consume(partition).then(
        () => {
          partition.restarting = false
        },
        () => setTimeout(() => attempt(Math.min(delay * 2, LAST_RETRY_MS)), delay).unref(),
      )
    }
    attempt(FIRST_RETRY_MS)
  }

  #deliver(partition: OwnedPartition, message: JsMsg): void {
    const address = this.#layout.parse(message.subject)
    if (address === undefined) {
      message.term('not a subject of the broker')
      return
    }
    const { deliverySequence } = message.info
    const continuous = partition.lastDelivery > 0 && deliverySequence === partition.lastDelivery + 1
    partition.lastDelivery = deliverySequence
    if (!continuous) partition.loading = this.#takeOver(partition)
    if (partition.loading === undefined) this.#accept(partition, { message, address })
    else partition.waiting.push({ message, address })
  }

  #accept(partition: OwnedPartition, delivery: Delivery): void {
    const { address, message } = delivery
    if (address.key !== PARTITION_KEY) {
      partition.view.of(address.key).put(address.part, address.qualifier, message.seq, message.data, Date.now())
    }
    this.#queue.push(address.key === PARTITION_KEY ? `${PARTITION_KEY}${partition.number}` : address.key, delivery)
  }

  async #takeOver(partition: OwnedPartition): Promise<void> {
    const turn = ++partition.turn
    const parts = [...this.#options.parts, ...(this.#options.alsoLoad ?? [])]
    const filters = parts.map((part) => this.#layout.filter(part, partition.number))
    const view = new PartitionView()
    try {
      await loadPartition(this.#connection, this.#layout, filters, view)
    } catch (error) {
      if (turn !== partition.turn) return
      for (const { message } of partition.waiting.splice(0)) message.nak(FIRST_RETRY_MS)
      partition.loading = undefined
      partition.lastDelivery = 0
      this.#options.report?.({ type: 'failed', key: `partition ${partition.number}`, error, retryInMs: FIRST_RETRY_MS })
      return
    }
    if (turn !== partition.turn || partition.stopped) return
    partition.view = view
    partition.loading = undefined
    for (const delivery of partition.waiting.splice(0)) this.#accept(partition, delivery)
    for (const key of view.keys()) this.#queue.push(key, undefined)
    this.#options.report?.({ type: 'took over', partition: partition.number, keys: view.size })
  }

  async #run(key: string, deliveries: (Delivery | undefined)[]): Promise<void> {
    const messages = deliveries.flatMap((delivery) => (delivery === undefined ? [] : [delivery.message]))
    const attempt = Math.max(1, ...messages.map((message) => message.info.deliveryCount))
    const started = performance.now()
    try {
      const outcome = key.startsWith(PARTITION_KEY) ? await this.#runPartition(key) : await this.#options.reconcile(key, this.view(key), attempt)
      if ('requeueAfterMs' in outcome) {
        this.#options.report?.({ type: 'requeued', key, reason: outcome.reason, retryInMs: outcome.requeueAfterMs })
        return this.#again(key, messages, outcome.requeueAfterMs)
      }
      for (const message of messages) message.ack()
      if (!key.startsWith(PARTITION_KEY) && this.view(key).isGone) this.#partition(key).view.drop(key)
      this.#options.report?.({ type: 'reconciled', key, seconds: (performance.now() - started) / 1000 })
    } catch (error) {
      if (isTerminal(error)) return this.#park(key, messages, error)
      const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 16), LAST_RETRY_MS)
      this.#options.report?.({ type: 'failed', key, error, retryInMs })
      this.#again(key, messages, retryInMs)
    }
  }

  async #runPartition(key: string): Promise<Outcome> {
    const partition = this.#partitions[Number(key.slice(PARTITION_KEY.length))] as OwnedPartition
    await this.#options.reconcilePartition?.({
      partition: partition.number,
      keys: () => partition.view.keys(),
      view: (name) => partition.view.of(name),
      reconcile: (name) => this.#queue.push(name, undefined),
    })
    return DONE
  }

  /** The newest message is handed back and comes again, to whoever owns the partition then; the others are done with. */
  #again(key: string, messages: JsMsg[], delayMs: number): void {
    const newest = messages.pop()
    for (const message of messages) message.ack()
    if (newest !== undefined) newest.nak(delayMs)
    else setTimeout(() => this.#queue.push(key, undefined), delayMs).unref()
  }

  #park(key: string, messages: JsMsg[], error: Error): void {
    const parkedAt = new Date().toISOString()
    const subject = messages.at(-1)?.subject ?? key
    park(this.#connection, this.#layout, { service: this.#options.service, subject, key, reason: error.message, parkedAt })
    for (const message of messages) message.term(error.message)
    this.#options.report?.({ type: 'parked', key, reason: error.message })
  }

  /** Asks for more time for everything that waits or runs. */
  #extend(): void {
    for (const delivery of this.#queue.pending()) delivery?.message.working()
  }

  #partition(key: string): OwnedPartition {
    return this.#partitions[this.#layout.partitionOf(key)] as OwnedPartition
  }
}

class OwnedPartition {
  readonly number: number
  view = new PartitionView()
  messages: ConsumerMessages | undefined
  /** Sequence of the last delivery to this replica; 0: none since the view was built. */
  lastDelivery = 0
  /** Set while the partition is being loaded; deliveries wait in `waiting`. */
  loading: Promise<void> | undefined
  waiting: Delivery[] = []
  turn = 0
  restarting = false
  stopped = false

  constructor(number: number) {
    this.number = number
  }

  reset(): void {
    this.view = new PartitionView()
    this.lastDelivery = 0
    this.loading = undefined
    this.waiting = []
    this.turn++
  }
}
