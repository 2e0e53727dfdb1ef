import type { PartitionConsumerOptions } from '../../../packages/bus/src/consumer-options.ts'
import { type Address, PARTITION_KEY } from '../../../packages/bus/src/layout.ts'
import { PULL_EXPIRES_MS } from '../../../packages/bus/src/ownership/ownership.ts'
import type { PartitionPort, PullListener } from '../../../packages/bus/src/ownership/partition-owner.ts'
import { PartitionView } from '../../../packages/bus/src/partition-view.ts'
import type { Snapshots } from '../../../packages/bus/src/snapshots.ts'
import type { Process } from '../world/process.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import type { SimulatedBus } from './simulated-bus.ts'
import type { Member, SimulatedStream, StoredMessage } from './state-stream.ts'

export type Surroundings = {
  time: VirtualTime
  process: Process
  stream: SimulatedStream
  bus: SimulatedBus
  snapshots: Snapshots
  /** What subjects stand for, once it was found out. */
  addresses: Map<string, Address | undefined>
  delay: () => number
}

type Options = Pick<PartitionConsumerOptions<never>, 'service' | 'parts' | 'alsoLoad'>

/** The simulated stream as whoever owns partitions for one service has it. */
export class SimulatedPull implements PartitionPort {
  readonly #around: Surroundings
  readonly #options: Options

  constructor(around: Surroundings, options: Options) {
    this.#around = around
    this.#options = options
  }

  async consume(owner: PullListener): Promise<() => void> {
    const { stream, process, bus, time } = this.#around
    await this.#pause()
    const word = bus.layout.takeOverSubject(this.#options.service, owner.number)
    const isMine = this.#matcher(owner.number, this.#options.parts)
    let isStopped = false
    const member: Member = {
      process,
      deliver: (message) => owner.deliver(message.info.deliverySequence, this.#delivery(message)),
      unpinned: () => owner.hear({ type: 'unpinned' }),
    }
    const name = this.#durable(owner.number)
    stream.join(name, (subject) => subject === word || isMine(subject), member)
    const pull = () => {
      if (isStopped) return
      owner.hear({ type: 'pulled' })
      time.after(PULL_EXPIRES_MS, pull, process)
    }
    time.after(PULL_EXPIRES_MS, pull, process)
    return () => {
      isStopped = true
      stream.leave(name, member)
    }
  }

  /** The stream is read a moment later, and is heard of a moment after that. */
  async load(partition: number): Promise<PartitionView> {
    const view = new PartitionView()
    await this.#pause()
    const held = this.#around.stream.last(
      this.#matcher(partition, [...this.#options.parts, ...(this.#options.alsoLoad ?? [])]),
    )
    await this.#pause()
    for (const message of held) {
      const delivery = this.#delivery(message)
      if (delivery?.snapshot === undefined) continue
      const { part, key, qualifier } = delivery.address
      view.of(key).put(part, qualifier, delivery.snapshot, Date.now())
    }
    return view
  }

  async call(partition: number): Promise<void> {
    await this.#around.bus.call(this.#options.service, partition)
  }

  async unpin(partition: number): Promise<void> {
    await this.#pause()
    this.#around.stream.unpin(this.#durable(partition))
  }

  #durable(partition: number): string {
    return `${this.#options.service}-${partition}`
  }

  #matcher(partition: number, parts: readonly string[]): (subject: string) => boolean {
    const wanted = new Set(parts)
    return (subject) => {
      const address = this.#addressOf(subject)
      return address?.partition === partition && wanted.has(address.part)
    }
  }

  #delivery(message: StoredMessage) {
    const address = this.#addressOf(message.subject)
    if (address === undefined) return undefined
    const isOfAll = address.key === PARTITION_KEY
    return { address, snapshot: isOfAll ? undefined : this.#around.snapshots.of(address.part, message) }
  }

  /** A few subjects come again and again. */
  #addressOf(subject: string): Address | undefined {
    const { addresses, bus } = this.#around
    if (!addresses.has(subject)) addresses.set(subject, bus.layout.parse(subject))
    return addresses.get(subject)
  }

  #pause(): Promise<void> {
    const { time, delay, process } = this.#around
    return new Promise((resolve) => void time.after(delay(), resolve, process))
  }
}
