import { randomUUID } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import { type Compared, compareMessages, isOlder, markOf } from './compare-messages.ts'
import { OvertakenError, TooLargeError } from './errors.ts'
import type { Layout, Part } from './layout.ts'
import type { Messages } from './messages.ts'
import type { Answer, PublishPort } from './publish-port.ts'
import type { PublishTrouble } from './publish-trouble.ts'
import { Snapshot } from './snapshots.ts'
import { DUPLICATE_WINDOW_MS } from './stream.ts'

/** Longer than the server drops repetitions: what was stored before cannot be overtaken by one. */
const REMEMBERED_MS = DUPLICATE_WINDOW_MS * 1.5
const REMEMBERED_AT_MOST = 10_000

/** For the headers, which count with the body: names of Kubernetes have at most 253 characters each. */
const HEADER_ROOM = 4_096
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000

/** One object of one cluster. `cluster` is empty for the platform's own. */
export type ObjectRef = {
  cluster: string
  group: string
  version: string
  resource: string
  namespace?: string
  name: string
  uid?: string
}

export type Publication<P extends Part = Part> = {
  part: P
  key: string
  qualifier?: string
  message: Messages[P]
  /** The Kubernetes object that the message is a snapshot of, for the inventory. */
  object?: ObjectRef
  /** What makes two publications the same; resourceVersion where there is one. The server drops the second. */
  version?: string
  /** Keeps a publication of the same version apart from those of another epoch. */
  epoch?: string
  /** The sequence of what must be the last message of the subject, 0 for none: OvertakenError otherwise. */
  after?: number
  /**
   * `after` is only where the last message was seen that this one is newer than: where it is another by now, it is compared, and what
   * is older or the same is not stored. OvertakenError where neither can be told to be the newer, and where nothing is there any more.
   */
  ifNews?: boolean
  /** What to say instead where the message is larger than the server takes; undefined: nothing. */
  ifTooLarge?: (size: { bytes: number; limit: number }) => Publication | undefined
  /** The message says that the object is gone. */
  tombstone?: boolean
  /** Which trace it belongs to, where there are traces: a W3C traceparent. */
  traceparent?: string | undefined
}

/** What stands on a subject. `id` is what the server would know a repetition by; `mark` is to compare with, and of others' messages too. */
type Stored = { seq: number; id: string | undefined; at: number; mark: unknown }
/** What stands on a subject, and what the message that is to be stored is beside it. */
type Standing = { seq: number; is: Compared }
type Slot = { latest: Publication; waiters: { resolve: (sequence: number) => void; reject: (error: Error) => void }[] }

/**
 * Publishes until the server has it. On one subject the order of calls is kept, one message is under way at a time, and one
 * that was overtaken by a newer before it was sent is skipped: the stream keeps only the last anyway.
 */
export class Publisher {
  readonly #port: PublishPort
  readonly #layout: Layout
  readonly #trouble: PublishTrouble
  readonly #slots = new Map<string, Slot>()
  /** What was last stored by subject, the longest ago first. */
  readonly #stored = new Map<string, Stored>()
  /** Counts how often that was forgotten; what was under way meanwhile is not remembered. */
  #era = 0

  constructor(port: PublishPort, layout: Layout, trouble: PublishTrouble) {
    this.#port = port
    this.#layout = layout
    this.#trouble = trouble
  }

  /**
   * Resolves when the server has this message or a newer one of the same subject, to the sequence that what its author says next may
   * come after: of this message or one that says the same; where a newer one stands, `after` as it was. Rejects with TooLargeError, with
   * OvertakenError where it was to come after another, or is a tombstone where a newer one stands, or when the connection closed.
   */
  publish<P extends Part>(publication: Publication<P>): Promise<number> {
    const subject = this.#layout.subject(publication.part, publication.key, publication.qualifier)
    return this.#enqueue(subject, publication as Publication)
  }

  /** Tells every partition that `part` changed for all of its keys. */
  async publishToPartitions<P extends Part>(part: P, message: Messages[P]): Promise<void> {
    const partitions = Array.from({ length: this.#layout.partitions }, (_, partition) => partition)
    const publication = { part, key: '', message } as Publication
    await Promise.all(partitions.map((p) => this.#enqueue(this.#layout.partitionSubject(part, p), publication)))
  }

  /** The stream may not have any more what it had: nothing counts as a repetition now. */
  forget(): void {
    this.#stored.clear()
    this.#era++
  }

  #enqueue(subject: string, publication: Publication): Promise<number> {
    return new Promise((resolve, reject) => {
      const slot = this.#slots.get(subject)
      // What waits here already is newer than what this one counts on, and must not be lost with it.
      const counts = publication.after !== undefined && publication.ifNews !== true
      if (slot !== undefined && slot.waiters.length > 0 && counts)
        return reject(new OvertakenError(`${subject} is about to have a newer message`))
      if (slot !== undefined) {
        if (!isLate(publication, slot)) slot.latest = publication
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

  async #send(subject: string, given: Publication): Promise<number> {
    const repeated = this.#repeated(subject, idOf(subject, given))
    if (repeated !== undefined) return repeated
    const { publication, body } = this.#carried(subject, given)
    const { message, object, version, traceparent, tombstone = false, ifNews = false } = publication
    const about = { object, version, traceparent, tombstone }
    const mark = markOf(message)
    let [id, after] = [idOf(subject, publication), publication.after]
    let standing = ifNews ? this.#standing(subject, mark, after) : undefined
    for (;;) {
      if (standing?.is === 'older') {
        // Its author may know nothing of what stands there: a later object, which may be gone as well.
        if (tombstone) throw new OvertakenError(`${subject} tells of what came later`, standing.seq)
        return publication.after ?? 0
      }
      if (standing?.is === 'same') return standing.seq
      if (ifNews) after = standing?.seq ?? after ?? 0
      const era = this.#era
      const answer = await this.#ask(() => this.#port.store({ subject, body, id, after, ...about }))
      if (answer === 'refused') {
        if (!ifNews) throw new OvertakenError(`${subject} has a newer message`)
        standing = await this.#readStanding(subject, publication)
        // What its author knows of may be as lost as what stood there, and what others have said of it since.
        if (standing === undefined && (after ?? 0) > 0) {
          this.#stored.delete(subject)
          throw new OvertakenError(`${subject} has lost what it had`)
        }
        after = 0
        if (standing?.is !== 'unknown') continue
        throw new OvertakenError(`${subject} has a message that may be newer`, standing.seq)
      }
      if (this.#isLast(subject, answer)) {
        if (era === this.#era) this.#remember(subject, { seq: answer.seq, id, at: Date.now(), mark })
        return answer.seq
      }
      // Another publisher was faster with this version, and one of ours that is older came after it and stands there now.
      id = idOf(subject, { ...publication, epoch: randomUUID() })
    }
  }

  /**
   * What stood on a subject beyond what the author of a message saw there, if the two can be compared. What is older than that is older
   * than whatever stands there; whether the same does so still only the server tells.
   */
  #standing(subject: string, mark: unknown, after = 0): Standing | undefined {
    const stored = this.#stored.get(subject)
    if (stored === undefined || stored.seq <= after || stored.mark === undefined) return undefined
    const is = compareMessages(mark, stored.mark)
    return is === 'unknown' ? undefined : { seq: stored.seq, is: is === 'older' ? is : 'newer' }
  }

  /** What stands on a subject, as the server has it. */
  async #readStanding(subject: string, { part, message }: Publication): Promise<Standing | undefined> {
    const era = this.#era
    const last = await this.#ask(() => this.#port.last(subject))
    if (last === undefined) return undefined
    const said = new Snapshot(part, last).readable
    if (era === this.#era) this.#remember(subject, { seq: last.seq, id: undefined, at: Date.now(), mark: markOf(said) })
    return { seq: last.seq, is: compareMessages(message, said) }
  }

  /** Asks until there is an answer. @throws when the connection closed */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LAST_RETRY_MS)) {
      try {
        const answer = await ask()
        this.#trouble.over()
        return answer
      } catch (error) {
        if (this.#port.isClosed) throw error
        this.#trouble.failed(error as Error)
        await new Promise((resolve) => setTimeout(resolve, retry))
        await this.#port.ensure().catch(() => undefined) // the next attempt tells
      }
    }
  }

  /** Whether what the server answered to is what stands there now, as far as this process can tell. */
  #isLast(subject: string, { seq, duplicate }: Exclude<Answer, 'refused'>): boolean {
    const before = this.#stored.get(subject)
    return !duplicate || before === undefined || before.seq <= seq
  }

  /** The sequence of what the server would drop this as a repetition of: the watch shows again what its writer published. */
  #repeated(subject: string, id: string | undefined): number | undefined {
    const stored = this.#stored.get(subject)
    if (stored === undefined || id === undefined || stored.id !== id) return undefined
    return stored.at + DUPLICATE_WINDOW_MS > Date.now() ? stored.seq : undefined
  }

  #remember(subject: string, stored: Stored): void {
    this.#stored.delete(subject)
    this.#stored.set(subject, stored)
    for (const [oldest, { at }] of this.#stored) {
      if (at + REMEMBERED_MS > stored.at && this.#stored.size <= REMEMBERED_AT_MOST) break
      this.#stored.delete(oldest)
    }
  }

  /** What is too large is refused by the client at once, and would be at every attempt: something less is said in its place. */
  #carried(subject: string, publication: Publication): { publication: Publication; body: string } {
    const body = stringifyJson(publication.message)
    const { limit } = this.#port
    const bytes = Buffer.byteLength(body) + HEADER_ROOM
    if (limit === undefined || bytes <= limit) return { publication, body }
    const error = new TooLargeError(subject, bytes, limit)
    const less = publication.ifTooLarge?.(error)
    if (less === undefined) throw error
    return this.#carried(subject, less)
  }
}

/** What waits was said before it, and is newer all the same: who says it was told late. */
function isLate({ message, ifNews }: Publication, { latest, waiters }: Slot): boolean {
  return ifNews === true && waiters.length > 0 && isOlder(message, latest.message)
}

/** By what the server knows a repetition. */
function idOf(subject: string, { version, epoch = '' }: Publication): string | undefined {
  return version === undefined ? undefined : `${subject}@${version}${epoch}`
}
