import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { DONE, type Outcome, type PartitionConsumerOptions } from './consumer-options.ts'
import { KeyRunner } from './key-runner.ts'
import { type Layout, PARTITION_KEY } from './layout.ts'
import { loadPartition } from './load-partition.ts'
import { Membership } from './membership.ts'
import { type Delivery, OwnedPartition } from './owned-partition.ts'
import { park } from './parked.ts'
import { type KeyView, PartitionView } from './partition-view.ts'
import type { Snapshots } from './snapshots.ts'
import type { StateStream } from './stream.ts'

/** How long a partition stays with a replica that stopped asking for messages. */
const PIN_TIMEOUT_MS = 6_000
const PULL_EXPIRES_MS = 4_000
const PULL_BATCH = 256
const GROUP = 'owner'
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 15_000
const UNPINNED = '$JS.EVENT.ADVISORY.CONSUMER.UNPINNED'
/** How long after replicas came or went the partitions are shared out anew. */
const BALANCE_MS = 1_000
/** How long a replica that left a partition to another does not ask for it. */
const ASIDE_MS = 1_000
/** How long the runs of a partition that is left to another may take to end before it is left all the same. */
const HAND_OVER_MS = 5_000
/** The status events of a pull after which it brings nothing more. */
const DEAD = ['consumer_deleted', 'consumer_not_found', 'stream_not_found']

/** What a consumer has of its bus. */
type Surroundings = {
  connection: NatsConnection
  layout: Layout
  stream: StateStream
  snapshots: Snapshots
  /** Runs what loads a partition when there is room for it. */
  inTurn: <T>(load: () => Promise<T>) => Promise<T>
}

/**
 * Consumes every partition of the stream for one service. A partition is delivered to one replica at a time (a pinned pull
 * consumer); the replica that gets the first message after another, seen by a gap in the delivery sequence, loads the whole
 * partition and reconciles each of its keys once, so that nothing hangs on what the other had in memory. So that there is a first
 * message also when nothing happens, whoever starts, or hears that a partition lost its owner, publishes the word to take over.
 */
export class PartitionConsumer<M = undefined> {
  readonly #connection: NatsConnection
  readonly #layout: Layout
  readonly #stream: StateStream
  readonly #snapshots: Snapshots
  readonly #inTurn: Surroundings['inTurn']
  readonly #options: PartitionConsumerOptions<M>
  readonly #partitions: OwnedPartition<M>[]
  readonly #runner: KeyRunner
  readonly #membership: Membership
  #balancing: NodeJS.Timeout | undefined
  readonly #unfollow: (() => void)[] = []

  private constructor(surroundings: Surroundings, options: PartitionConsumerOptions<M>) {
    const { connection, layout, stream, snapshots, inTurn } = surroundings
    this.#connection = connection
    this.#layout = layout
    this.#stream = stream
    this.#snapshots = snapshots
    this.#inTurn = inTurn
    this.#options = options
    this.#partitions = Array.from({ length: layout.partitions }, (_, p) => new OwnedPartition(p, options.remember))
    this.#runner = new KeyRunner(options, {
      turnOf: (key) => this.#partitionOf(key).turn,
      reconcile: (key, attempt) => this.#reconcile(key, attempt),
      park: (key) => park(connection, layout, key),
    })
    const changed = () => this.#balanceSoon()
    this.#membership = new Membership(connection, {
      subject: layout.membersSubject(options.service),
      id: randomUUID(),
      changed,
    })
  }

  static async start<M>(
    surroundings: Surroundings,
    options: PartitionConsumerOptions<M>,
  ): Promise<PartitionConsumer<M>> {
    const consumer = new PartitionConsumer(surroundings, options)
    consumer.#followOwnership()
    await Promise.all(consumer.#partitions.map((partition) => consumer.#consume(partition)))
    return consumer
  }

  /** What is known of a key. */
  view(key: string): KeyView {
    return this.#partitionOf(key).view.of(key)
  }

  /** Looks at a key, if this replica owns its partition: what it waited for has come. */
  reconcile(key: string): void {
    const { lastDelivery, loading, turn } = this.#partitionOf(key)
    if (lastDelivery > 0 && !loading) this.#runner.push(key, turn)
  }

  /** Looks at every key of the partitions that this replica owns. */
  reconcileAll(): void {
    for (const { view, turn } of this.#partitions) for (const key of view.keys()) this.#runner.push(key, turn)
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#runner.depth
  }

  /** Finishes what runs, leaves the partitions to others, and stops. */
  async stop(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow()
    clearTimeout(this.#balancing)
    quietly(() => this.#membership.stop())
    for (const partition of this.#partitions) {
      partition.stopped = true
      partition.messages?.stop()
    }
    await this.#runner.stop()
    if (this.#connection.isClosed()) return
    const { stream } = this.#layout
    const unpin = (p: OwnedPartition<M>) => this.#stream.jsm.consumers.unpin(stream, this.#durable(p.number), GROUP)
    await Promise.allSettled(this.#partitions.filter((p) => p.lastDelivery > 0).map(unpin))
  }

  /** A replica that another may have replaced lets go at once; whoever owns the partition then is told to take over. */
  #followOwnership(): void {
    const restart = () => {
      for (const partition of this.#partitions) this.#restart(partition, 'the stream was lost')
    }
    const advisories = this.#connection.subscribe(`${UNPINNED}.${this.#layout.stream}.*`, {
      callback: (_error, { subject }) => {
        const durable = subject.split('.').at(-1)
        const partition = this.#partitions.find(({ number }) => this.#durable(number) === durable)
        if (partition !== undefined) this.#callForOwner(partition)
      },
    })
    this.#unfollow.push(this.#stream.onLost(restart), () => quietly(() => advisories.unsubscribe()))
    void this.#followConnection()
  }

  /** Who was not connected does not know what others did meanwhile. */
  async #followConnection(): Promise<void> {
    const statuses = this.#connection.status()
    for await (const { type } of statuses) {
      for (const partition of this.#partitions) {
        if (partition.stopped) return
        if (type === 'disconnect') partition.letGo()
        else if (type === 'reconnect') this.#callForOwner(partition)
      }
    }
  }

  /** Replicas come and go in groups, and one that comes has to ask for messages before it can be given some. */
  #balanceSoon(): void {
    clearTimeout(this.#balancing)
    this.#balancing = setTimeout(() => {
      const { share } = this.#membership
      for (const partition of this.#partitions) {
        if (partition.lastDelivery > 0 && !share(partition.number)) void this.#yield(partition)
      }
    }, BALANCE_MS).unref()
  }

  /** Leaves a partition to the others: finishes what runs, and asks again only when another has the pin. */
  async #yield(partition: OwnedPartition<M>): Promise<void> {
    if (partition.restarting || partition.stopped) return
    partition.restarting = true
    this.#options.report?.({ type: 'restarting', partition: partition.number, reason: 'left to another replica' })
    const { messages } = partition
    partition.messages = undefined
    messages?.stop()
    partition.letGo()
    const settled = this.#runner.settled((key) => this.#partitionOf(key) === partition)
    await Promise.race([settled, delay(HAND_OVER_MS, undefined, { ref: false })])
    const unpinned = this.#stream.jsm.consumers.unpin(this.#layout.stream, this.#durable(partition.number), GROUP)
    await unpinned.catch(() => undefined) // the pin times out then
    await delay(ASIDE_MS, undefined, { ref: false })
    this.#consumeAgain(partition)
  }

  #callForOwner(partition: OwnedPartition<M>): void {
    if (partition.stopped) return
    partition.letGo()
    const publish = (): void => {
      if (partition.stopped || this.#connection.isClosed()) return
      const subject = this.#layout.takeOverSubject(this.#options.service, partition.number)
      jetstream(this.#connection)
        .publish(subject, '')
        .catch(() => setTimeout(publish, FIRST_RETRY_MS * 5).unref())
    }
    publish()
  }

  #durable(partition: number): string {
    return `${this.#options.service}-${partition}`
  }

  #consumerConfig(partition: number): Partial<ConsumerConfig> & { durable_name: string } {
    const filters = this.#options.parts.map((part) => this.#layout.filter(part, partition))
    return {
      durable_name: this.#durable(partition),
      filter_subjects: [...filters, this.#layout.takeOverSubject(this.#options.service, partition)],
      // Whoever is given the first message loads what was there before, and looks at every key: nothing has to be kept for it.
      deliver_policy: DeliverPolicy.New,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      priority_policy: 'pinned_client',
      priority_groups: [GROUP],
      priority_timeout: nanos(PIN_TIMEOUT_MS),
    }
  }

  async #consume(partition: OwnedPartition<M>): Promise<void> {
    await this.#stream.ensureConsumer(this.#consumerConfig(partition.number))
    const consumer = await jetstream(this.#connection).consumers.get(
      this.#layout.stream,
      this.#durable(partition.number),
    )
    if (partition.stopped) return
    const messages = await consumer.consume({
      group: GROUP,
      max_messages: PULL_BATCH,
      expires: PULL_EXPIRES_MS,
      callback: (message) => this.#deliver(partition, message),
    } as Parameters<typeof consumer.consume>[0])
    partition.messages = messages
    void this.#supervise(partition, messages)
    this.#callForOwner(partition)
  }

  /** A consumer that was deleted under us is made again, and so is a pull that ended. */
  async #supervise(partition: OwnedPartition<M>, messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === 'consumer_unpinned') this.#callForOwner(partition)
      else if (DEAD.includes(type)) return this.#restart(partition, type)
    }
    if (partition.messages === messages) this.#restart(partition, 'the pull ended')
  }

  #restart(partition: OwnedPartition<M>, reason: string): void {
    if (partition.restarting || partition.stopped || this.#connection.isClosed()) return
    partition.restarting = true
    this.#options.report?.({ type: 'restarting', partition: partition.number, reason })
    const { messages } = partition
    partition.messages = undefined
    messages?.stop()
    partition.letGo()
    this.#consumeAgain(partition)
  }

  #consumeAgain(partition: OwnedPartition<M>): void {
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

  #deliver(partition: OwnedPartition<M>, message: JsMsg): void {
    const address = this.#layout.parse(message.subject)
    const follows = partition.follows(message.info.deliverySequence)
    if (!follows) void this.#takeOver(partition)
    if (address === undefined) return // the word to take over, or not a subject of the broker
    if (partition.loading) partition.waiting.push({ message, address })
    else this.#accept(partition, { message, address })
  }

  #accept({ number, turn, view }: OwnedPartition<M>, { address, message }: Delivery): void {
    const { part, key, qualifier } = address
    const isOfAll = key === PARTITION_KEY
    if (!isOfAll) view.of(key).put(part, qualifier, this.#snapshots.of(part, message), Date.now())
    this.#runner.push(isOfAll ? `${PARTITION_KEY}${number}` : key, turn)
  }

  async #takeOver(partition: OwnedPartition<M>): Promise<void> {
    const turn = ++partition.turn
    partition.loading = true
    const parts = [...this.#options.parts, ...(this.#options.alsoLoad ?? [])]
    const filters = parts.map((part) => this.#layout.filter(part, partition.number))
    const view = new PartitionView()
    try {
      const from = { connection: this.#connection, layout: this.#layout, snapshots: this.#snapshots }
      await this.#inTurn(() => loadPartition(from, filters, view))
    } catch (error) {
      if (turn !== partition.turn) return
      partition.letGo()
      this.#options.report?.({ type: 'failed', key: `partition ${partition.number}`, error, retryInMs: FIRST_RETRY_MS })
      setTimeout(() => this.#callForOwner(partition), FIRST_RETRY_MS).unref()
      return
    }
    if (turn !== partition.turn || partition.stopped) return
    partition.view = view
    partition.loading = false
    for (const delivery of partition.waiting.splice(0)) this.#accept(partition, delivery)
    for (const key of view.keys()) this.#runner.push(key, turn)
    this.#options.report?.({ type: 'took over', partition: partition.number, keys: view.size })
  }

  async #reconcile(key: string, attempt: number): Promise<Outcome> {
    const { number, view, turn, fence, memory } = this.#partitionOf(key)
    if (!key.startsWith(PARTITION_KEY)) {
      const outcome = await this.#options.reconcile({ key, view: view.of(key), attempt, fence, memory })
      if ('done' in outcome && view.of(key).isGone) view.drop(key)
      return outcome
    }
    await this.#options.reconcilePartition?.({
      partition: number,
      memory,
      keys: () => view.keys(),
      view: (name) => view.of(name),
      reconcile: (name) => this.#runner.push(name, turn),
    })
    return DONE
  }

  /** Of a key, or of the partition's own key in the queue. */
  #partitionOf(key: string): OwnedPartition<M> {
    const own = key.startsWith(PARTITION_KEY)
    return this.#partitions[
      own ? Number(key.slice(PARTITION_KEY.length)) : this.#layout.partitionOf(key)
    ] as OwnedPartition<M>
  }
}

/** On a connection that was closed nothing can be taken back. */
function quietly(takeBack: () => void): void {
  try {
    takeBack()
  } catch {
    // said above
  }
}
