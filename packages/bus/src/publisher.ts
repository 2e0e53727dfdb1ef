import { randomUUID } from 'node:crypto'
import { JetStreamApiError, type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node'
import { OvertakenError, TooLargeError } from './errors.ts'
import type { Layout, Part } from './layout.ts'
import type { Messages } from './messages.ts'
import type { PublishTrouble } from './publish-trouble.ts'
import { DUPLICATE_WINDOW_MS } from './stream.ts'
import { atEndOfTurn } from './turn.ts'

/** Headers that tell of a message without its body being read. */
export const HEADERS = { object: 'Broker-Object', version: 'Broker-Version' } as const

/** Longer than the server drops repetitions: what was stored before cannot be overtaken by one. */
const REMEMBERED_MS = DUPLICATE_WINDOW_MS * 1.5
const REMEMBERED_AT_MOST = 10_000

/** How long the word that something is gone stays, for whoever was away: as long as a tombstone can matter to a slow replica. */
const TOMBSTONE_TTL = '1h'
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
  /** What to say instead where the message is larger than the server takes; undefined: nothing. */
  ifTooLarge?: (size: { bytes: number; limit: number }) => Publication | undefined
  /** The message says that the object is gone. */
  tombstone?: boolean
}

/** `id` is what the server would know a repetition by. */
type Stored = { seq: number; id: string | undefined; at: number }
type Slot = { latest: Publication; waiters: { resolve: (sequence: number) => void; reject: (error: Error) => void }[] }

/**
 * Publishes until the server has it. On one subject the order of calls is kept, one message is under way at a time, and one
 * that was overtaken by a newer before it was sent is skipped: the stream keeps only the last anyway.
 */
export class Publisher {
  readonly #js: JetStreamClient
  readonly #connection: NatsConnection
  readonly #layout: Layout
  readonly #ensureStream: () => Promise<void>
  readonly #slots = new Map<string, Slot>()
  /** What was last stored by subject, the longest ago first. */
  readonly #stored = new Map<string, Stored>()
  /** Counts how often that was forgotten; what was under way meanwhile is not remembered. */
  #era = 0

  readonly #trouble: PublishTrouble

  constructor(
    connection: NatsConnection,
    layout: Layout,
    around: { ensureStream: () => Promise<void>; trouble: PublishTrouble },
  ) {
    this.#connection = connection
    this.#js = jetstream(connection)
    this.#layout = layout
    this.#ensureStream = around.ensureStream
    this.#trouble = around.trouble
  }

  /**
   * Resolves to the sequence, when the server has stored this message or a newer one of the same subject. Rejects with TooLargeError,
   * with OvertakenError where it was to come after another, or when the connection closed.
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

  async #send(subject: string, given: Publication): Promise<number> {
    const repeated = this.#repeated(subject, idOf(subject, given))
    if (repeated !== undefined) return repeated
    const { publication, body } = this.#carried(subject, given)
    let options = publishOptions(subject, publication)
    for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LAST_RETRY_MS)) {
      try {
        const era = this.#era
        await new Promise<void>(atEndOfTurn)
        const { seq, duplicate } = await this.#js.publish(subject, body, options)
        const before = this.#stored.get(subject)
        if (!duplicate || before === undefined || before.seq <= seq) {
          if (era === this.#era) this.#remember(subject, { seq, id: options.msgID, at: Date.now() })
          this.#trouble.over()
          return seq
        }
        // Another publisher was faster with this version, and one of ours that is older came after it and stands there now.
        options = publishOptions(subject, { ...publication, epoch: randomUUID() })
      } catch (error) {
        if (this.#connection.isClosed()) throw error
        if (isRefusedSequence(error)) throw new OvertakenError(`${subject} has a newer message`, { cause: error })
        this.#trouble.failed(error as Error)
        await new Promise((resolve) => setTimeout(resolve, retry))
        await this.#ensureStream().catch(() => undefined) // the next attempt to publish tells
      }
    }
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
    const body = JSON.stringify(publication.message)
    const limit = this.#connection.info?.max_payload
    const bytes = Buffer.byteLength(body) + HEADER_ROOM
    if (limit === undefined || bytes <= limit) return { publication, body }
    const error = new TooLargeError(subject, bytes, limit)
    const less = publication.ifTooLarge?.(error)
    if (less === undefined) throw error
    return this.#carried(subject, less)
  }
}

function publishOptions(subject: string, publication: Publication) {
  const { object, version, tombstone, after } = publication
  const headers = natsHeaders()
  if (object !== undefined) headers.set(HEADERS.object, JSON.stringify(object))
  if (version !== undefined) headers.set(HEADERS.version, version)
  const msgID = idOf(subject, publication)
  return {
    headers,
    timeout: 5_000,
    ...(msgID === undefined ? {} : { msgID }),
    ...(after === undefined ? {} : { expect: { lastSubjectSequence: after } }),
    ...(tombstone === true ? { ttl: TOMBSTONE_TTL } : {}),
  }
}

/** By what the server knows a repetition. */
function idOf(subject: string, { version, epoch = '' }: Publication): string | undefined {
  return version === undefined ? undefined : `${subject}@${version}${epoch}`
}

/** "wrong last sequence" (errors 10071 and 10164 of the JetStream API). */
function isRefusedSequence(error: unknown): boolean {
  return error instanceof JetStreamApiError && (error.code === 10071 || error.code === 10164)
}
