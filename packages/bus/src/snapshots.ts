import type { JsMsg } from '@nats-io/jetstream'
import { parseJson } from '@resource-broker/json'
import { TerminalError } from './errors.ts'
import type { Part } from './layout.ts'
import { type Messages, messageSchemas } from './messages.ts'
import { HEADERS } from './publish-port.ts'

/** A message as the stream has it; `timestampNanos` tells those of one sequence apart that were in different streams. */
export type Stored = Pick<JsMsg, 'subject' | 'seq' | 'data'> & {
  info: Pick<JsMsg['info'], 'timestampNanos'>
  headers?: { get: (name: string) => string } | undefined
}

/** Longer than one service is behind another, as a rule. */
const TURN_MS = 1_000

/** A message of the stream, parsed when somebody looks. Whoever reads it must not change it: others read the same. */
export class Snapshot {
  readonly seq: number
  readonly storedAt: number
  /** Which trace it belongs to; undefined where nobody asked for that, or it belongs to none. */
  readonly traceparent: string | undefined
  readonly #part: Part
  /** Until it is parsed. */
  #text: string
  #message: Messages[Part] | undefined

  constructor(part: Part, { seq, data, info }: Omit<Stored, 'subject'>, traceparent?: string) {
    this.#part = part
    this.seq = seq
    this.storedAt = info.timestampNanos
    this.traceparent = traceparent
    this.#text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
  }

  /** @throws {TerminalError} naming the part, if the text is not valid. */
  get message(): Messages[Part] {
    this.#message ??= this.#parse()
    return this.#message
  }

  /** The same, or undefined if the text is not valid: who only compares leaves that to who reads. */
  get readable(): Messages[Part] | undefined {
    try {
      return this.message
    } catch {
      return undefined
    }
  }

  #parse(): Messages[Part] {
    try {
      const message = messageSchemas[this.#part].parse(parseJson(this.#text))
      this.#text = ''
      return message
    } catch (cause) {
      throw new TerminalError(`the message of part ${this.#part} is not valid: ${(cause as Error).message}`, { cause })
    }
  }
}

/** What passes through a process: services that are given one message within a turn or two share it, parsed once and held once. */
export class Snapshots {
  /** By subject: of this turn, and of the one before. */
  #recent = new Map<string, Snapshot>()
  #before = new Map<string, Snapshot>()
  #turning: NodeJS.Timeout | undefined
  /** Headers are parsed only for whoever traces. */
  readonly #readsTraces: boolean

  constructor(readsTraces = false) {
    this.#readsTraces = readsTraces
  }

  of(part: Part, stored: Stored): Snapshot {
    const { subject, seq, info } = stored
    const known = this.#recent.get(subject) ?? this.#before.get(subject)
    if (known?.seq === seq && known.storedAt === info.timestampNanos) return known
    const traceparent = this.#readsTraces ? stored.headers?.get(HEADERS.trace) || undefined : undefined
    const snapshot = new Snapshot(part, stored, traceparent)
    this.#recent.set(subject, snapshot)
    this.#turning ??= setTimeout(() => this.#turn(), TURN_MS).unref()
    return snapshot
  }

  #turn(): void {
    this.#before = this.#recent
    this.#recent = new Map()
    this.#turning = this.#before.size === 0 ? undefined : setTimeout(() => this.#turn(), TURN_MS).unref()
  }
}
