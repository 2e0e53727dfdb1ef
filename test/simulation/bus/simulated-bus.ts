import type { KeyView, Layout, Messages, Part, Publication } from '@resource-broker/bus'
import type { Answer, PublishPort, Sent } from '../../../packages/bus/src/publish-port.ts'
import { PublishTrouble } from '../../../packages/bus/src/publish-trouble.ts'
import { Publisher } from '../../../packages/bus/src/publisher.ts'
import { Snapshot } from '../../../packages/bus/src/snapshots.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { running } from '../world/virtual-time.ts'
import type { SimulatedStream, StoredMessage } from './state-stream.ts'

type Options = { time: VirtualTime; stream: SimulatedStream; delay: () => number; isLost: () => boolean }

/** The client of NATS gives an answer up after this time. */
const TIMEOUT_MS = 5_000

/** The simulated stream as a publisher has it. */
class SimulatedPort implements PublishPort {
  readonly limit = undefined
  readonly isClosed = false
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  store({ subject, body, object, version = '', tombstone, id, after }: Sent): Promise<Answer> {
    const message = { subject, data: Buffer.from(body), object: object && JSON.stringify(object), version, tombstone }
    return this.#exchange(() => this.#options.stream.store(message, id, after))
  }

  last(subject: string): Promise<StoredMessage | undefined> {
    return this.#exchange(() => this.#options.stream.last((other) => other === subject)[0])
  }

  async ensure(): Promise<void> {}

  /** Rejects where no answer comes; it may be done all the same. */
  #exchange<T>(act: () => T): Promise<T> {
    const { time, delay, isLost } = this.#options
    const who = running.getStore()
    return new Promise((resolve, reject) => {
      if (isLost()) {
        time.after(TIMEOUT_MS, () => reject(new Error('no answer')), who)
        if (isLost()) time.after(delay(), () => void act())
        return
      }
      time.after(delay(), () => {
        const answer = act()
        time.after(delay(), () => resolve(answer), who)
      })
    })
  }
}

/** What one process has of the bus: the real publisher over the simulated stream. */
export class SimulatedBus {
  readonly layout: Layout
  readonly #port: PublishPort
  readonly #publisher: Publisher

  constructor(layout: Layout, options: Options) {
    this.layout = layout
    this.#port = new SimulatedPort(options)
    this.#publisher = new Publisher(this.#port, layout, new PublishTrouble(() => undefined))
  }

  publish<P extends Part>(publication: Publication<P>): Promise<number> {
    return this.#publisher.publish(publication)
  }

  /** Puts the last message of one part of a key into `view`, as the stream has it when it is asked. */
  async refresh(view: KeyView, part: Part, key: string): Promise<void> {
    view.forget(part)
    const message = await this.#port.last(this.layout.subject(part, key))
    if (message !== undefined) view.put(part, undefined, new Snapshot(part, message), Date.now())
  }

  async nudgePartitions<P extends Part>(part: P, message: Messages[P]): Promise<void> {
    await this.#publisher.publishToPartitions(part, message)
  }

  /** The word to take over a partition. @throws if it is not known whether it was stored */
  async call(service: string, partition: number): Promise<void> {
    const nothing = { id: undefined, after: undefined, object: undefined, version: undefined, traceparent: undefined }
    const about = { ...nothing, tombstone: false }
    const subject = this.layout.takeOverSubject(service, partition)
    await this.#port.store({ subject, body: JSON.stringify({ by: service }), ...about })
  }

  /** What was stored may not be there any more. */
  forget(): void {
    this.#publisher.forget()
  }
}
