import type { Layout, Messages, Part, Publication } from '@resource-broker/bus'
import type { VirtualTime } from '../world/virtual-time.ts'
import { running } from '../world/virtual-time.ts'
import type { SimulatedStream } from './state-stream.ts'

type Slot = { latest: { subject: string; publication: Publication }; waiters: (() => void)[] }
type Options = { time: VirtualTime; stream: SimulatedStream; delay: () => number; isLost: () => boolean }

/** After a publication without an answer the next attempt is made. */
const RETRY_MS = 100

/** What one process has of the bus, with the order and the repetitions of the real publisher. */
export class SimulatedBus {
  readonly layout: Layout
  readonly #options: Options
  readonly #slots = new Map<string, Slot>()
  /** What was last stored by subject, and by what the server knows it. */
  #stored = new Map<string, { seq: number; id: string | undefined; at: number }>()
  #epochs = 0

  constructor(layout: Layout, options: Options) {
    this.layout = layout
    this.#options = options
  }

  publish<P extends Part>(publication: Publication<P>): Promise<void> {
    const subject = this.layout.subject(publication.part, publication.key, publication.qualifier)
    return this.#enqueue(subject, publication as Publication)
  }

  async nudgePartitions<P extends Part>(part: P, message: Messages[P]): Promise<void> {
    const partitions = Array.from({ length: this.layout.partitions }, (_, partition) => partition)
    const publication = { part, key: '', message } as Publication
    await Promise.all(partitions.map((p) => this.#enqueue(this.layout.partitionSubject(part, p), publication)))
  }

  /** The word to take over a partition. */
  callForOwner(service: string, partition: number): void {
    const publication = { part: 'offers', key: '', message: { by: service } } as Publication
    void this.#enqueue(this.layout.takeOverSubject(service, partition), publication)
  }

  /** What was stored may not be there any more. */
  forget(): void {
    this.#stored = new Map()
  }

  #enqueue(subject: string, publication: Publication): Promise<void> {
    return new Promise((resolve) => {
      const slot = this.#slots.get(subject)
      if (slot !== undefined) {
        slot.latest = { subject, publication }
        slot.waiters.push(resolve)
        return
      }
      const fresh: Slot = { latest: { subject, publication }, waiters: [resolve] }
      this.#slots.set(subject, fresh)
      void this.#drain(subject, fresh)
    })
  }

  async #drain(subject: string, slot: Slot): Promise<void> {
    while (slot.waiters.length > 0) {
      const { latest, waiters } = slot
      slot.waiters = []
      await this.#send(subject, latest.publication)
      for (const resolve of waiters) resolve()
    }
    this.#slots.delete(subject)
  }

  async #send(subject: string, publication: Publication): Promise<void> {
    const { time } = this.#options
    const before = this.#stored.get(subject)
    let id = idOf(subject, publication.version, publication.epoch)
    if (before !== undefined && id !== undefined && before.id === id && before.at + 20_000 > time.now) return
    for (;;) {
      const answer = await this.#exchange(subject, publication, id)
      if (answer === undefined) await this.#pause(RETRY_MS)
      else if (!answer.duplicate || before === undefined || before.seq <= answer.seq) {
        this.#stored.set(subject, { seq: answer.seq, id, at: time.now })
        return
      } else id = idOf(subject, publication.version, `again-${running.getStore()?.name}-${++this.#epochs}`)
    }
  }

  /** undefined: no answer came; it may be stored all the same. */
  #exchange(subject: string, publication: Publication, id: string | undefined) {
    const { time, stream, delay, isLost } = this.#options
    const who = running.getStore()
    const data = Buffer.from(JSON.stringify(publication.message))
    const { object, version = '', tombstone = false } = publication
    return new Promise<{ seq: number; duplicate: boolean } | undefined>((resolve) => {
      const store = () =>
        stream.store({ subject, data, object: object && JSON.stringify(object), version, tombstone }, id)
      if (isLost()) {
        time.after(5_000, () => resolve(undefined), who)
        if (isLost()) time.after(delay(), () => void store())
        return
      }
      time.after(delay(), () => {
        const answer = store()
        time.after(delay(), () => resolve(answer), who)
      })
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.time.after(ms, resolve, running.getStore()))
  }
}

function idOf(subject: string, version: string | undefined, epoch = ''): string | undefined {
  return version === undefined || version === '' ? undefined : `${subject}@${version}${epoch}`
}
