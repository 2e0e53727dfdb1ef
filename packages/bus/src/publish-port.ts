import { JetStreamApiError, type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream'
import { type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node'
import { stringifyJson } from '@resource-broker/json'
import type { Layout } from './layout.ts'
import type { ObjectRef } from './publisher.ts'
import type { Stored } from './snapshots.ts'
import type { StateStream } from './stream.ts'
import { atEndOfTurn } from './turn.ts'

/** Headers that tell of a message without its body being read. */
export const HEADERS = { object: 'Broker-Object', version: 'Broker-Version', trace: 'traceparent' } as const

/** How long the word that something is gone stays, for whoever was away: as long as a tombstone can matter to a slow replica. */
const TOMBSTONE_TTL = '1h'

/** One message on its way to the stream. `id`: the server drops a repetition; `after`: the sequence that is to be the subject's last. */
export type Sent = {
  subject: string
  body: string
  id: string | undefined
  after: number | undefined
  object: ObjectRef | undefined
  version: string | undefined
  traceparent: string | undefined
  tombstone: boolean
}

/** `refused`: the last message of the subject is another than it was to come after. */
export type Answer = { seq: number; duplicate: boolean } | 'refused'

/** The stream as a publisher has it. */
export interface PublishPort {
  /** Bytes of a message with its headers; undefined while it is not known. */
  readonly limit: number | undefined
  readonly isClosed: boolean
  /** @throws if it is not known whether the message was stored */
  store(message: Sent): Promise<Answer>
  /** The last message of a subject. */
  last(subject: string): Promise<Omit<Stored, 'subject'> | undefined>
  /** Makes the stream if it is not there. */
  ensure(): Promise<void>
}

/** That of a NATS server. */
export class NatsPublishPort implements PublishPort {
  readonly #connection: NatsConnection
  readonly #js: JetStreamClient
  readonly #jsm: JetStreamManager
  readonly #layout: Layout
  readonly #stream: StateStream

  constructor(connection: NatsConnection, layout: Layout, stream: StateStream) {
    this.#connection = connection
    this.#js = jetstream(connection)
    this.#jsm = stream.jsm
    this.#layout = layout
    this.#stream = stream
  }

  get limit(): number | undefined {
    return this.#connection.info?.max_payload
  }

  get isClosed(): boolean {
    return this.#connection.isClosed()
  }

  async store({ subject, body, ...about }: Sent): Promise<Answer> {
    await new Promise<void>(atEndOfTurn)
    try {
      return await this.#js.publish(subject, body, publishOptions(about))
    } catch (error) {
      if (isRefusedSequence(error)) return 'refused'
      throw error
    }
  }

  async last(subject: string): Promise<Omit<Stored, 'subject'> | undefined> {
    const message = await this.#jsm.streams.getMessage(this.#layout.stream, { last_by_subj: subject })
    if (message === null) return undefined
    const { seq, data, header: headers, time } = message
    return { seq, data, headers, info: { timestampNanos: time.getTime() * 1e6 } }
  }

  async ensure(): Promise<void> {
    await this.#stream.ensure()
  }
}

function publishOptions({ object, version, traceparent, tombstone, after, id }: Omit<Sent, 'subject' | 'body'>) {
  const headers = natsHeaders()
  if (object !== undefined) headers.set(HEADERS.object, stringifyJson(object))
  if (version !== undefined) headers.set(HEADERS.version, version)
  if (traceparent !== undefined) headers.set(HEADERS.trace, traceparent)
  return {
    headers,
    timeout: 5_000,
    ...(id === undefined ? {} : { msgID: id }),
    ...(after === undefined ? {} : { expect: { lastSubjectSequence: after } }),
    ...(tombstone ? { ttl: TOMBSTONE_TTL } : {}),
  }
}

/** "wrong last sequence" (errors 10071 and 10164 of the JetStream API). */
function isRefusedSequence(error: unknown): boolean {
  return error instanceof JetStreamApiError && (error.code === 10071 || error.code === 10164)
}
