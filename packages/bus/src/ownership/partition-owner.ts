import type { Clock } from '../clock.ts'
import { type ConsumerEvent, DONE, type Outcome, type PartitionConsumerOptions } from '../consumer-options.ts'
import { PARTITION_KEY } from '../layout.ts'
import type { PartitionView } from '../partition-view.ts'
import type { KeyRunner } from './key-runner.ts'
import { Ownership, type OwnershipEffect, type OwnershipEvent } from './ownership.ts'
import { type Delivery, Tenure } from './tenure.ts'

/** What an owner of partitions asks of the bus. */
export type PartitionPort = {
  /** Resolves to what stops the pull, once it is open; what it brings and hears is told to `owner`. */
  consume: (owner: PullListener) => Promise<() => void>
  /** Resolves to everything that is known of the partition. */
  load: (partition: number) => Promise<PartitionView>
  /** Publishes the word to take over; rejects if it was not stored. */
  call: (partition: number) => Promise<void>
  /** Gives the pin to whoever asks next. */
  unpin: (partition: number) => Promise<void>
}

/** Whom a pull tells what it brings, and what becomes of it. */
export type PullListener = {
  number: number
  /** The word to take over comes without a delivery. */
  deliver: (sequence: number, delivery: Delivery | undefined) => void
  hear: (event: OwnershipEvent) => void
}

/** One partition as one replica has it: performs what its `Ownership` answers, and holds the tenure that this is. */
export class PartitionOwner<M = undefined> implements PullListener {
  readonly number: number
  readonly #port: PartitionPort
  readonly #clock: Clock
  readonly #options: PartitionConsumerOptions<M>
  readonly #runner: KeyRunner<M>
  /** Whether a key of the runner is of this partition. */
  readonly #isMine: (key: string) => boolean
  readonly #ownership = new Ownership()
  #tenure: Tenure<M>
  #loading: PartitionView | undefined
  #stopPull: (() => void) | undefined
  #left: Promise<void> = Promise.resolve()

  constructor(
    number: number,
    surroundings: { port: PartitionPort; clock: Clock; runner: KeyRunner<M>; isMine: (key: string) => boolean },
    options: PartitionConsumerOptions<M>,
  ) {
    this.number = number
    this.#port = surroundings.port
    this.#clock = surroundings.clock
    this.#runner = surroundings.runner
    this.#isMine = surroundings.isMine
    this.#options = options
    this.#tenure = this.#newTenure()
  }

  get view(): PartitionView {
    return this.#tenure.view
  }

  /** undefined while the partition is another's. */
  get memory(): M | undefined {
    return this.#ownership.isWorking ? this.#tenure.memory : undefined
  }

  /** Looks at a key, if this replica owns the partition. */
  reconcile(key: string): void {
    if (this.#ownership.isWorking) this.#runner.push(key, this.#tenure)
  }

  hear(event: OwnershipEvent): void {
    this.#perform(this.#ownership.on(event, this.#clock.now()))
  }

  deliver(sequence: number, delivery: Delivery | undefined): void {
    this.#perform(this.#ownership.on({ type: 'delivered', sequence }, this.#clock.now()), delivery)
  }

  /** Resolves when the pin was given back, if it was to be; to be called once nothing runs any more. */
  left(): Promise<void> {
    this.hear({ type: 'settled', turn: 0 })
    return this.#left
  }

  /** One run of a key of this partition, or of the partition's own. */
  async run(key: string, attempt: number, tenure: Tenure<M>): Promise<Outcome> {
    const { view, fence, memory } = tenure
    if (!key.startsWith(PARTITION_KEY)) {
      const outcome = await this.#options.reconcile({ key, view: view.of(key), attempt, fence, memory })
      if ('done' in outcome && view.of(key).isGone) view.drop(key)
      return outcome
    }
    await this.#options.reconcilePartition?.({
      partition: this.number,
      memory,
      keys: () => view.keys(),
      view: (name) => view.of(name),
      reconcile: (name) => this.#runner.push(name, tenure),
    })
    return DONE
  }

  #perform(effects: OwnershipEffect[], delivery?: Delivery): void {
    for (const effect of effects) this.#do(effect, delivery)
  }

  #do(effect: OwnershipEffect, delivery: Delivery | undefined): void {
    const { number: partition } = this
    switch (effect.do) {
      case 'consume':
        void this.#consume()
        break
      case 'stop pull':
        this.#stopPull?.()
        this.#stopPull = undefined
        break
      case 'begin':
        this.#tenure = this.#newTenure()
        void this.#load(effect.turn)
        break
      case 'take':
        if (delivery !== undefined) this.#take(delivery)
        break
      case 'run keys':
        this.#runKeys()
        break
      case 'close':
        this.#tenure.close()
        break
      case 'settle':
        void this.#runner.settled(this.#isMine).then(() => this.hear({ type: 'settled', turn: effect.turn }))
        break
      case 'let go':
        this.#letGo()
        break
      case 'call':
        void this.#port.call(partition).catch(() => this.hear({ type: 'call failed' }))
        break
      case 'unpin':
        this.#left = this.#port.unpin(partition).catch(() => undefined) // the pin times out then
        break
      case 'wait':
        this.#clock.after(effect.ms, () => this.hear(effect.event))
        break
      default:
        this.#options.report?.(eventOf(effect, partition))
    }
  }

  async #consume(): Promise<void> {
    try {
      this.#stopPull = await this.#port.consume(this)
    } catch {
      return this.hear({ type: 'consume failed' })
    }
    this.hear({ type: 'consuming' })
  }

  async #load(turn: number): Promise<void> {
    try {
      this.#loading = await this.#port.load(this.number)
    } catch (error) {
      return this.hear({ type: 'load failed', turn, error })
    }
    this.hear({ type: 'loaded', turn })
    this.#loading = undefined
  }

  #runKeys(): void {
    const view = this.#loading as PartitionView // it was just loaded
    for (const delivery of this.#tenure.loaded(view)) this.#take(delivery)
    for (const key of view.keys()) this.#runner.push(key, this.#tenure)
    this.#options.report?.({ type: 'took over', partition: this.number, keys: view.size })
  }

  #take(delivery: Delivery): void {
    if (this.#tenure.keep(delivery)) return
    const { address, snapshot } = delivery
    const { part, key, qualifier } = address
    if (snapshot !== undefined) this.view.of(key).put(part, qualifier, snapshot, this.#clock.now())
    this.#runner.push(snapshot === undefined ? `${PARTITION_KEY}${this.number}` : key, this.#tenure)
  }

  #letGo(): void {
    this.#tenure.end(this.number)
    this.#tenure = this.#newTenure()
  }

  #newTenure(): Tenure<M> {
    const doubt = () => {
      if (!this.#ownership.isCertain(this.#clock.now())) this.hear({ type: 'doubted' })
    }
    return new Tenure(this.#clock, this.#options.remember(), doubt)
  }
}

type Report = Extract<OwnershipEffect, { do: `report ${string}` }>

function eventOf(effect: Report, partition: number): ConsumerEvent {
  if (effect.do === 'report restart') return { type: 'restarting', partition, reason: effect.reason }
  const { error, retryInMs } = effect
  return { type: 'failed', key: `partition ${partition}`, error, retryInMs }
}
