import type { JsMsg } from '@nats-io/jetstream'
import { TerminalError } from './errors.ts'
import type { Part } from './layout.ts'
import { type Messages, messageSchemas } from './messages.ts'

/** A message as the stream has it; `timestampNanos` tells those of one sequence apart that were in different streams. */
export type Stored = Pick<JsMsg, 'subject' | 'seq' | 'data'> & { info: Pick<JsMsg['info'], 'timestampNanos'> }

/** A message of the stream, parsed when somebody looks. Whoever reads it must not change it: others read the same. */
export class Snapshot<P extends Part = Part> {
  readonly seq: number
  readonly storedAt: number
  readonly #part: P
  /** UTF-8 JSON, until it is parsed; a copy, as the client uses its buffer again. */
  #data: Uint8Array | undefined
  #message: Messages[P] | undefined

  constructor(part: P, { seq, data, info }: Omit<Stored, 'subject'>) {
    this.#part = part
    this.seq = seq
    this.storedAt = info.timestampNanos
    this.#data = Uint8Array.from(data)
  }

  /** @throws {TerminalError} naming the part, if the data is not valid. */
  get message(): Messages[P] {
    if (this.#message !== undefined) return this.#message
    try {
      const json: unknown = JSON.parse(Buffer.from(this.#data as Uint8Array).toString('utf8'))
      this.#message = messageSchemas[this.#part].parse(json) as Messages[P]
    } catch (cause) {
      throw new TerminalError(`the message of part ${this.#part} is not valid: ${(cause as Error).message}`, { cause })
    }
    this.#data = undefined
    return this.#message
  }
}

/**
 * The messages that somebody in this process holds, so that services that read the same keys hold one: parsed once, in memory once.
 * It holds none itself.
 */
export class Snapshots {
  readonly #held = new Map<string, WeakRef<Snapshot>>()
  readonly #released = new FinalizationRegistry<string>((subject) => {
    if (this.#held.get(subject)?.deref() === undefined) this.#held.delete(subject)
  })

  of<P extends Part>(part: P, stored: Stored): Snapshot<P> {
    const held = this.#held.get(stored.subject)?.deref()
    if (held?.seq === stored.seq && held.storedAt === stored.info.timestampNanos) return held as Snapshot<P>
    const snapshot = new Snapshot(part, stored)
    this.#held.set(stored.subject, new WeakRef(snapshot as Snapshot))
    this.#released.register(snapshot, stored.subject)
    return snapshot
  }
}
