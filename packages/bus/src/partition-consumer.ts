import { randomUUID } from 'node:crypto'
import type { NatsConnection } from '@nats-io/transport-node'
import { systemClock } from './clock.ts'
import type { PartitionConsumerOptions } from './consumer-options.ts'
import { type Layout, PARTITION_KEY } from './layout.ts'
import { listen } from './listen.ts'
import { Membership } from './membership.ts'
import { KeyRunner } from './ownership/key-runner.ts'
import { type OwnershipEvent, TICK_MS } from './ownership/ownership.ts'
import { PartitionOwner } from './ownership/partition-owner.ts'
import { park } from './parked.ts'
import type { KeyView } from './partition-view.ts'
import { PinnedPull, type Surroundings } from './pinned-pull.ts'
import type { StateStream } from './stream.ts'

const UNPINNED = '$JS.EVENT.ADVISORY.CONSUMER.UNPINNED'
/** How long after replicas came or went the partitions are shared out anew. */
const BALANCE_MS = 1_000

/**
 * Consumes every partition of the stream for one service: tells each partition's owner what is heard of it, and gives its keys to
 * one queue. Which replica owns a partition is the matter of `ownership/`.
 */
export class PartitionConsumer<M = undefined> {
  readonly #connection: NatsConnection
  readonly #layout: Layout
  readonly #stream: StateStream
  readonly #pull: PinnedPull
  readonly #owners: PartitionOwner<M>[]
  readonly #runner: KeyRunner<M>
  readonly #membership: Membership
  #balancing: () => void = () => undefined
  readonly #unfollow: (() => void)[] = []
  #stopped = false

  private constructor(surroundings: Surroundings, options: PartitionConsumerOptions<M>) {
    const { connection, layout, stream } = surroundings
    this.#connection = connection
    this.#layout = layout
    this.#stream = stream
    this.#pull = new PinnedPull(surroundings, options)
    this.#runner = new KeyRunner(options, {
      clock: systemClock,
      reconcile: (key, attempt, tenure) => this.#ownerOf(key).run(key, attempt, tenure),
      park: (key) => park(connection, layout, key),
    })
    const around = { port: this.#pull, clock: systemClock, runner: this.#runner }
    this.#owners = Array.from({ length: layout.partitions }, (_, p) => {
      return new PartitionOwner(p, { ...around, isMine: (key) => this.#ownerOf(key).number === p }, options)
    })
    this.#membership = new Membership(connection, {
      subject: layout.membersSubject(options.service),
      id: randomUUID(),
      changed: () => this.#balanceSoon(),
    })
  }

  static async start<M>(
    surroundings: Surroundings,
    options: PartitionConsumerOptions<M>,
  ): Promise<PartitionConsumer<M>> {
    const consumer = new PartitionConsumer(surroundings, options)
    consumer.#followOwnership()
    await consumer.#pull.prepare()
    consumer.#tellAll({ type: 'start' })
    return consumer
  }

  /** What is known of a key. */
  view(key: string): KeyView {
    return this.#ownerOf(key).view.of(key)
  }

  /** Looks at a key, if this replica owns its partition: what it waited for has come. */
  reconcile(key: string): void {
    this.#ownerOf(key).reconcile(key)
  }

  /** Looks at every key of the partitions that this replica owns. */
  reconcileAll(): void {
    for (const owner of this.#owners) for (const key of owner.view.keys()) owner.reconcile(key)
  }

  /** What is remembered of each partition that this replica owns. */
  get memories(): M[] {
    return this.#owners.flatMap(({ memory }) => (memory === undefined ? [] : [memory]))
  }

  /** Keys that wait or run. */
  get depth(): number {
    return this.#runner.depth
  }

  /** Finishes what runs, leaves the partitions to others, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const unfollow of this.#unfollow) unfollow()
    this.#balancing()
    quietly(() => this.#membership.stop())
    this.#tellAll({ type: 'stop' })
    await this.#runner.stop()
    await Promise.all(this.#owners.map((owner) => owner.left()))
  }

  #tellAll(event: OwnershipEvent): void {
    for (const owner of this.#owners) owner.hear(event)
  }

  /** A replica that another may have replaced lets go at once; whoever owns the partition then is told to take over. */
  #followOwnership(): void {
    const advisories = listen(this.#connection, `${UNPINNED}.${this.#layout.stream}.*`, ({ subject }) => {
      const durable = subject.split('.').at(-1)
      this.#owners.find(({ number }) => this.#pull.durable(number) === durable)?.hear({ type: 'unpinned' })
    })
    const lost = this.#stream.onLost(() => this.#tellAll({ type: 'pull ended', reason: 'the stream was lost' }))
    const ticking = setInterval(() => this.#tellAll({ type: 'tick' }), TICK_MS).unref()
    this.#unfollow.push(
      lost,
      () => quietly(() => advisories.unsubscribe()),
      () => clearInterval(ticking),
    )
    void this.#followConnection()
  }

  /** Who was not connected does not know what others did meanwhile. */
  async #followConnection(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (this.#stopped) return
      if (type === 'disconnect') this.#tellAll({ type: 'disconnected' })
      else if (type === 'reconnect') this.#tellAll({ type: 'reconnected' })
    }
  }

  /** Replicas come and go in groups, and one that comes has to ask for messages before it can be given some. */
  #balanceSoon(): void {
    this.#balancing()
    this.#balancing = systemClock.after(BALANCE_MS, () => {
      const { share } = this.#membership
      for (const owner of this.#owners) owner.hear({ type: 'share changed', mine: share(owner.number) })
    })
  }

  /** Of a key, or of the partition's own key in the queue. */
  #ownerOf(key: string): PartitionOwner<M> {
    const isOwn = key.startsWith(PARTITION_KEY)
    const number = isOwn ? Number(key.slice(PARTITION_KEY.length)) : this.#layout.partitionOf(key)
    return this.#owners[number] as PartitionOwner<M>
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
