import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import type { PartitionConsumerOptions } from './consumer-options.ts'
import { type Address, type Layout, PARTITION_KEY } from './layout.ts'
import { loadPartition } from './load-partition.ts'
import { PIN_TIMEOUT_MS, PULL_EXPIRES_MS } from './ownership/ownership.ts'
import type { PartitionPort, PullListener } from './ownership/partition-owner.ts'
import type { Delivery } from './ownership/tenure.ts'
import { PartitionView } from './partition-view.ts'
import type { Patience } from './patience.ts'
import type { Snapshots } from './snapshots.ts'
import type { StateStream } from './stream.ts'

const PULL_BATCH = 256
const GROUP = 'owner'
/** The status events of a pull after which it brings nothing more. */
const DEAD = ['consumer_deleted', 'consumer_not_found', 'stream_not_found']

/** What a consumer has of its bus. */
export type Surroundings = {
  connection: NatsConnection
  layout: Layout
  stream: StateStream
  snapshots: Snapshots
  /** Runs what loads a partition when there is room for it. */
  inTurn: <T>(load: () => Promise<T>) => Promise<T>
  patience: Patience
}

/** The NATS side of owning partitions: one pull consumer per partition, of which the server serves one replica at a time. */
export class PinnedPull implements PartitionPort {
  readonly #surroundings: Surroundings
  readonly #options: Pick<PartitionConsumerOptions<never>, 'service' | 'parts' | 'alsoLoad'>

  /** Partitions whose subscription was made just now. */
  readonly #prepared = new Set<number>()

  constructor(
    surroundings: Surroundings,
    options: Pick<PartitionConsumerOptions<never>, 'service' | 'parts' | 'alsoLoad'>,
  ) {
    this.#surroundings = surroundings
    this.#options = options
  }

  /** The name of a partition's subscription on the server. */
  durable(partition: number): string {
    return this.#surroundings.layout.durable(this.#options.service, partition)
  }

  /** Makes what the server has to have, so that a service that it refuses does not start. */
  async prepare(): Promise<void> {
    const { layout, stream, patience } = this.#surroundings
    const partitions = Array.from({ length: layout.partitions }, (_, partition) => partition)
    await patience(`NATS/${this.#options.service}`, () =>
      Promise.all(partitions.map((partition) => stream.ensureConsumer(this.#config(partition)))),
    )
    for (const partition of partitions) this.#prepared.add(partition)
  }

  async consume(owner: PullListener): Promise<() => void> {
    const { connection, layout, stream } = this.#surroundings
    if (!this.#prepared.delete(owner.number)) await stream.ensureConsumer(this.#config(owner.number))
    const consumer = await jetstream(connection).consumers.get(layout.stream, this.durable(owner.number))
    const messages = await consumer.consume({
      group: GROUP,
      max_messages: PULL_BATCH,
      expires: PULL_EXPIRES_MS,
      callback: (message) => this.#deliver(owner, message),
    } as Parameters<typeof consumer.consume>[0])
    let isStopped = false
    void this.#supervise(owner, messages, () => isStopped)
    return () => {
      isStopped = true
      messages.stop()
    }
  }

  async load(partition: number): Promise<PartitionView> {
    const { inTurn, layout } = this.#surroundings
    const parts = [...this.#options.parts, ...(this.#options.alsoLoad ?? [])]
    const filters = parts.map((part) => layout.filter(part, partition))
    const view = new PartitionView()
    await inTurn(() => loadPartition(this.#surroundings, filters, view))
    return view
  }

  async call(partition: number): Promise<void> {
    const { connection, layout } = this.#surroundings
    if (connection.isClosed()) return // there is nobody to tell
    await jetstream(connection).publish(layout.takeOverSubject(this.#options.service, partition), '')
  }

  async unpin(partition: number): Promise<void> {
    const { connection, layout, stream } = this.#surroundings
    if (connection.isClosed()) return
    await stream.jsm.consumers.unpin(layout.stream, this.durable(partition), GROUP)
  }

  #deliver(owner: PullListener, message: JsMsg): void {
    const address = this.#surroundings.layout.parse(message.subject)
    const { deliverySequence } = message.info
    owner.deliver(deliverySequence, address && this.#delivery(address, message)) // the word to take over has no address
  }

  #delivery(address: Address, message: JsMsg): Delivery {
    const isOfAll = address.key === PARTITION_KEY
    return { address, snapshot: isOfAll ? undefined : this.#surroundings.snapshots.of(address.part, message) }
  }

  /** A subscription that was deleted under us is made again, and so is a pull that ended. */
  async #supervise(owner: PullListener, messages: ConsumerMessages, isStopped: () => boolean): Promise<void> {
    for await (const { type } of messages.status()) {
      if (isStopped()) return
      if (type === 'next') owner.hear({ type: 'pulled' })
      else if (type === 'consumer_unpinned') owner.hear({ type: 'unpinned' })
      else if (type === 'heartbeats_missed') owner.hear({ type: 'silent' })
      else if (DEAD.includes(type)) return owner.hear({ type: 'pull ended', reason: type })
    }
    if (!isStopped() && !this.#surroundings.connection.isClosed())
      owner.hear({ type: 'pull ended', reason: 'the pull ended' })
  }

  #config(partition: number): Partial<ConsumerConfig> & { durable_name: string } {
    const { layout } = this.#surroundings
    const filters = this.#options.parts.map((part) => layout.filter(part, partition))
    return {
      durable_name: this.durable(partition),
      filter_subjects: [...filters, layout.takeOverSubject(this.#options.service, partition)],
      // Whoever is given the first message loads what was there before, and looks at every key: nothing has to be kept for it.
      deliver_policy: DeliverPolicy.New,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      priority_policy: 'pinned_client',
      priority_groups: [GROUP],
      priority_timeout: nanos(PIN_TIMEOUT_MS),
    }
  }
}
