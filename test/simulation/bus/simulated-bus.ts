import type { KeyView, Layout, Messages, Part, Publication } from '@resource-broker/bus'
import { OvertakenError } from '../../../packages/bus/src/errors.ts'
import { Snapshot } from '../../../packages/bus/src/snapshots.ts'
import { DUPLICATE_WINDOW_MS } from '../../../packages/bus/src/stream.ts'
import type { VirtualTime } from '../world/virtual-time.ts'
import { running } from '../world/virtual-time.ts'
import type { SimulatedStream } from './state-stream.ts'

type Stored = { seq: number; duplicate: boolean }
type Waiter = { resolve: (sequence: number) => void; reject: (error: Error) => void }
type Slot = { latest: Publication; waiters: Waiter[] }
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

  publish<P extends Part>(publication: Publication<P>): Promise<number> {
    const subject = this.layout.subject(publication.part, publication.key, publication.qualifier)
    return this.#enqueue(subject, publication as Publication)
  }

  /** Puts the last message of one part of a key into `view`, as the stream has it when it is asked. */
  async refresh(view: KeyView, part: Part, key: string): Promise<void> {
    const { delay, stream } = this.#options
    const subject = this.layout.subject(part, key)
    await this.#pause(delay())
    const [message] = stream.last((other) => other === subject)
    await this.#pause(delay())
    view.forget(part)
    if (message !== undefined) view.put(part, undefined, new Snapshot(part, message), Date.now())
  }

  async nudgePartitions<P extends Part>(part: P, message: Messages[P]): Promise<void> {
    const partitions = Array.from({ length: this.layout.partitions }, (_, partition) => partition)
    const publication = { part, key: '', message } as Publication
    await Promise.all(partitions.map((p) => this.#enqueue(this.layout.partitionSubject(part, p), publication)))
  }

  /** The word to take over a partition. @throws if it is not known whether it was stored */
  async call(service: string, partition: number): Promise<void> {
    const publication = { part: 'offers', key: '', message: { by: service } } as Publication
    const answer = await this.#exchange(this.layout.takeOverSubject(service, partition), publication, undefined)
    if (answer === undefined) throw new Error('no answer')
  }

  /** What was stored may not be there any more. */
  forget(): void {
    this.#stored = new Map()
  }

  #enqueue(subject: string, publication: Publication): Promise<number> {
    return new Promise((resolve, reject) => {
      const slot = this.#slots.get(subject)
      // What waits here already is newer than what this one counts on, and must not be lost with it.
      if (slot !== undefined && slot.waiters.length > 0 && publication.after !== undefined)
        return reject(new OvertakenError(`${subject} is about to have a newer message`))
      if (slot !== undefined) {
        slot.latest = publication
        slot.waiters.push({ resolve, reject })
        return
      }
      const fresh: Slot = { latest: publication, waiters: [{ resolve, reject }] }
      this.#slots.set(subject, fresh)
      void this.#drain(subject, fresh)
    })
  }

  async #drain(subject: string, slot: Slot): Promise<void> {
    while (slot.waiters.length > 0) {
      const { latest, waiters } = slot
      slot.waiters = []
      try {
        const sequence = await this.#send(subject, latest)
        for (const waiter of waiters) waiter.resolve(sequence)
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error as Error)
      }
    }
    this.#slots.delete(subject)
  }

  async #send(subject: string, publication: Publication): Promise<number> {
    const { time } = this.#options
    let id = idOf(subject, publication.version, publication.epoch)
    const known = this.#stored.get(subject)
    if (known !== undefined && id !== undefined && known.id === id && known.at + DUPLICATE_WINDOW_MS > time.now)
      return known.seq
    for (;;) {
      const stored = this.#stored
      const answer = await this.#exchange(subject, publication, id)
      const before = this.#stored.get(subject)
      if (answer === undefined) await this.#pause(RETRY_MS)
      else if (answer === 'overtaken') throw new OvertakenError(`${subject} has a newer message`)
      else if (!answer.duplicate || before === undefined || before.seq <= answer.seq) {
        if (stored === this.#stored) this.#stored.set(subject, { seq: answer.seq, id, at: time.now })
        return answer.seq
      } else id = idOf(subject, publication.version, `again-${running.getStore()?.name}-${++this.#epochs}`)
    }
  }

  /** undefined: no answer came; it may be stored all the same. */
  #exchange(subject: string, publication: Publication, id: string | undefined) {
    const { time, stream, delay, isLost } = this.#options
    const who = running.getStore()
    const data = Buffer.from(JSON.stringify(publication.message))
    const { object, version = '', tombstone = false, after } = publication
    return new Promise<Stored | 'overtaken' | undefined>((resolve) => {
      const store = () =>
        stream.store({ subject, data, object: object && JSON.stringify(object), version, tombstone }, id, after)
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
