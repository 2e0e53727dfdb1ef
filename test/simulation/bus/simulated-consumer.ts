import type { Outcome, PartitionHandle, Run } from '@resource-broker/bus'
import { DONE } from '@resource-broker/bus'
import type { PartitionConsumerOptions } from '../../../packages/bus/src/consumer-options.ts'
import { KeyRunner } from '../../../packages/bus/src/key-runner.ts'
import { type Address, type Layout, PARTITION_KEY } from '../../../packages/bus/src/layout.ts'
import { OwnedPartition } from '../../../packages/bus/src/owned-partition.ts'
import { PartitionView } from '../../../packages/bus/src/partition-view.ts'
import type { Snapshots } from '../../../packages/bus/src/snapshots.ts'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import type { SimulatedBus } from './simulated-bus.ts'
import type { Delivered, Member, SimulatedStream, StoredMessage } from './state-stream.ts'

type Surroundings = {
  time: VirtualTime
  process: Process
  stream: SimulatedStream
  bus: SimulatedBus
  snapshots: Snapshots
  /** What subjects stand for, once it was found out. */
  addresses: Map<string, Address | undefined>
  delay: () => number
}

/** How long who joins waits until it asks for messages again after it let go. */
const ASIDE_MS = 1_000

/** Consumes all partitions for one service of one process: the rules of PartitionConsumer over the simulated stream. */
export class SimulatedConsumer<M> {
  readonly #around: Surroundings
  readonly #layout: Layout
  readonly #options: PartitionConsumerOptions<M>
  readonly #partitions: OwnedPartition<M>[]
  readonly #waiting: Delivered[][]
  readonly #members = new Map<OwnedPartition<M>, Member>()
  readonly #runner: KeyRunner

  constructor(around: Surroundings, options: PartitionConsumerOptions<M>) {
    this.#around = around
    this.#layout = around.bus.layout
    this.#options = options
    this.#partitions = Array.from(
      { length: this.#layout.partitions },
      (_, p) => new OwnedPartition(p, options.remember),
    )
    this.#waiting = this.#partitions.map(() => [])
    this.#runner = new KeyRunner(options, {
      turnOf: (key) => this.#partitionOf(key).turn,
      reconcile: (key, attempt) => this.#reconcile(key, attempt),
      park: () => undefined,
    })
    around.stream.onLost(around.process, () => {
      for (const partition of this.#partitions) this.#restart(partition)
    })
    for (const partition of this.#partitions) this.#consume(partition)
  }

  reconcile(key: string): void {
    const { lastDelivery, loading, turn } = this.#partitionOf(key)
    if (lastDelivery > 0 && !loading) this.#runner.push(key, turn)
  }

  reconcileAll(): void {
    for (const { view, turn } of this.#partitions) for (const key of view.keys()) this.#runner.push(key, turn)
  }

  /** A few subjects come again and again. */
  #addressOf(subject: string): Address | undefined {
    const { addresses } = this.#around
    const known = addresses.get(subject)
    if (known !== undefined || addresses.has(subject)) return known
    const address = this.#layout.parse(subject)
    addresses.set(subject, address)
    return address
  }

  #subscription({ number }: OwnedPartition<M>): string {
    return `${this.#options.service}-${number}`
  }

  #consume(partition: OwnedPartition<M>): void {
    const { stream, process } = this.#around
    const parts = new Set<string>(this.#options.parts)
    const word = this.#layout.takeOverSubject(this.#options.service, partition.number)
    const matches = (subject: string) => {
      if (subject === word) return true
      const address = this.#addressOf(subject)
      return address?.partition === partition.number && parts.has(address.part)
    }
    const member: Member = {
      process,
      deliver: (message) => this.#deliver(partition, message),
      unpinned: () => this.#callForOwner(partition),
    }
    this.#members.set(partition, member)
    stream.join(this.#subscription(partition), matches, member)
    this.#callForOwner(partition)
  }

  #restart(partition: OwnedPartition<M>): void {
    if (partition.restarting) return
    partition.restarting = true
    this.#letGo(partition)
    const member = this.#members.get(partition)
    if (member !== undefined) this.#around.stream.leave(this.#subscription(partition), member)
    const again = () => {
      partition.restarting = false
      this.#consume(partition)
    }
    this.#around.time.after(ASIDE_MS, again, this.#around.process)
  }

  #letGo(partition: OwnedPartition<M>): void {
    partition.letGo()
    this.#waiting[partition.number] = []
  }

  #callForOwner(partition: OwnedPartition<M>): void {
    this.#letGo(partition)
    this.#around.bus.callForOwner(this.#options.service, partition.number)
  }

  #deliver(partition: OwnedPartition<M>, message: Delivered): void {
    if (!partition.follows(message.info.deliverySequence)) this.#takeOver(partition)
    if (this.#addressOf(message.subject) === undefined) return
    if (partition.loading) this.#waiting[partition.number]?.push(message)
    else this.#accept(partition, message)
  }

  #accept({ number, turn, view }: OwnedPartition<M>, message: StoredMessage): void {
    const address = this.#addressOf(message.subject)
    if (address === undefined) return
    const isOfAll = address.key === PARTITION_KEY
    if (!isOfAll) this.#put(view, message)
    this.#runner.push(isOfAll ? `${PARTITION_KEY}${number}` : address.key, turn)
  }

  #put(view: PartitionView, message: StoredMessage): void {
    const address = this.#addressOf(message.subject)
    if (address === undefined || address.key === PARTITION_KEY) return
    const snapshot = this.#around.snapshots.of(address.part, message)
    view.of(address.key).put(address.part, address.qualifier, snapshot, Date.now())
  }

  /** The stream is read a moment later, and is heard of a moment after that. */
  #takeOver(partition: OwnedPartition<M>): void {
    const { time, delay, stream, process } = this.#around
    const turn = ++partition.turn
    partition.loading = true
    const parts = new Set<string>([...this.#options.parts, ...(this.#options.alsoLoad ?? [])])
    const view = new PartitionView()
    time.after(delay(), () => {
      const held = stream.last((subject) => {
        const address = this.#addressOf(subject)
        return address?.partition === partition.number && parts.has(address.part)
      })
      time.after(delay(), () => this.#begin(partition, turn, view, held), process)
    })
  }

  #begin(partition: OwnedPartition<M>, turn: number, view: PartitionView, held: StoredMessage[]): void {
    if (turn !== partition.turn) return
    for (const message of held) this.#put(view, message)
    partition.view = view
    partition.loading = false
    for (const message of this.#waiting[partition.number]?.splice(0) ?? []) this.#accept(partition, message)
    for (const key of view.keys()) this.#runner.push(key, turn)
    this.#options.report?.({ type: 'took over', partition: partition.number, keys: view.size })
  }

  async #reconcile(key: string, attempt: number): Promise<Outcome> {
    const { number, view, turn, fence, memory } = this.#partitionOf(key)
    if (!key.startsWith(PARTITION_KEY)) {
      const run: Run<M> = { key, view: view.of(key), attempt, fence, memory }
      const outcome = await this.#options.reconcile(run)
      if ('done' in outcome && view.of(key).isGone) view.drop(key)
      return outcome
    }
    const handle: PartitionHandle<M> = {
      partition: number,
      memory,
      keys: () => view.keys(),
      view: (name) => view.of(name),
      reconcile: (name) => this.#runner.push(name, turn),
    }
    await this.#options.reconcilePartition?.(handle)
    return DONE
  }

  #partitionOf(key: string): OwnedPartition<M> {
    const own = key.startsWith(PARTITION_KEY)
    const number = own ? Number(key.slice(PARTITION_KEY.length)) : this.#layout.partitionOf(key)
    return this.#partitions[number] as OwnedPartition<M>
  }
}
