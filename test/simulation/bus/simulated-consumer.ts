import type { Clock } from '../../../packages/bus/src/clock.ts'
import type { PartitionConsumerOptions } from '../../../packages/bus/src/consumer-options.ts'
import { type Layout, PARTITION_KEY } from '../../../packages/bus/src/layout.ts'
import { KeyRunner } from '../../../packages/bus/src/ownership/key-runner.ts'
import { type OwnershipEvent, TICK_MS } from '../../../packages/bus/src/ownership/ownership.ts'
import { PartitionOwner } from '../../../packages/bus/src/ownership/partition-owner.ts'
import { SimulatedPull, type Surroundings } from './simulated-pull.ts'

/** Consumes all partitions for one service of one process, with the real owners of partitions over the simulated stream. */
export class SimulatedConsumer<M> {
  readonly #layout: Layout
  readonly #owners: PartitionOwner<M>[]
  readonly #clock: Clock

  constructor(around: Surroundings, options: PartitionConsumerOptions<M>) {
    const { time, process, bus, stream } = around
    this.#layout = bus.layout
    this.#clock = {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = time.after(ms, run, process)
        return () => {
          timer.cancelled = true
        }
      },
    }
    const runner = new KeyRunner<M>(options, {
      clock: this.#clock,
      reconcile: (key, attempt, tenure) => this.#ownerOf(key).run(key, attempt, tenure),
      park: () => undefined,
    })
    const shared = { port: new SimulatedPull(around, options), clock: this.#clock, runner }
    this.#owners = Array.from({ length: this.#layout.partitions }, (_, p) => {
      return new PartitionOwner<M>(p, { ...shared, isMine: (key) => this.#ownerOf(key).number === p }, options)
    })
    stream.onLost(process, () => this.#tellAll({ type: 'pull ended', reason: 'the stream was lost' }))
    this.#tellAll({ type: 'start' })
    this.#tick()
  }

  reconcile(key: string): void {
    this.#ownerOf(key).reconcile(key)
  }

  reconcileAll(): void {
    for (const owner of this.#owners) for (const key of owner.view.keys()) owner.reconcile(key)
  }

  /** Leaves a partition to the others, as when another replica came. */
  leave(partition: number): void {
    this.#owners[partition]?.hear({ type: 'share changed', mine: false })
  }

  #tick(): void {
    this.#tellAll({ type: 'tick' })
    this.#clock.after(TICK_MS, () => this.#tick())
  }

  #tellAll(event: OwnershipEvent): void {
    for (const owner of this.#owners) owner.hear(event)
  }

  #ownerOf(key: string): PartitionOwner<M> {
    const isOwn = key.startsWith(PARTITION_KEY)
    const number = isOwn ? Number(key.slice(PARTITION_KEY.length)) : this.#layout.partitionOf(key)
    return this.#owners[number] as PartitionOwner<M>
  }
}
