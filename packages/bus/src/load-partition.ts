import {
  AckPolicy,
  type ApiError,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos, nuid } from '@nats-io/transport-node'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { type Layout, PARTITION_KEY } from './layout.ts'
import type { PartitionView } from './partition-view.ts'
import type { Snapshots, Stored } from './snapshots.ts'

/** Fills `view` with the last message of every subject that matches `filters`. */
export async function loadPartition(
  { connection, layout, snapshots }: { connection: NatsConnection; layout: Layout; snapshots: Snapshots },
  filters: string[],
  view: PartitionView,
): Promise<void> {
  const now = Date.now()
  await readAll(connection, { stream: layout.stream, filters, headersOnly: false }, (message) => {
    const address = layout.parse(message.subject)
    if (address === undefined || address.key === PARTITION_KEY) return
    view.of(address.key).put(address.part, address.qualifier, snapshots.of(address.part, message), now)
  })
}

type Read = { stream: string; filters: string[]; headersOnly: boolean }

/** Messages that are asked for at once, at most: as many as have about so many bytes. */
const BATCH = 5_000
const BATCH_BYTES = 4 * 2 ** 20
/** What stands still for so long is asked for what is left: messages that were pending may expire or be replaced meanwhile. */
const STANDSTILL_MS = 2_000
/** How long those who publish without a pause are followed. */
const FOLLOW_MS = 1_000

/**
 * Calls `visit` with everything under `filters` that the stream held at the time of the call and still holds, and with what came
 * in its place since, unless that goes on for long. Rejects if the stream goes, or a message got lost on the way.
 */
export async function readAll(connection: NatsConnection, read: Read, visit: (message: Stored) => void): Promise<void> {
  const { stream, filters, headersOnly } = read
  const jsm = await jetstreamManager(connection, { checkAPI: false })
  const { state } = await jsm.streams.info(stream)
  const max_messages = Math.max(1, Math.min(BATCH, Math.floor((BATCH_BYTES * state.messages) / (state.bytes || 1))))
  const { name, num_pending: pending } = await addOnce(connection, stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    filter_subjects: filters,
    headers_only: headersOnly,
    inactive_threshold: nanos(30_000),
    mem_storage: true,
    num_replicas: 1,
  })
  try {
    const consumer = await jetstream(connection).consumers.get(stream, name)
    const tail = new Tail(jsm, read, state.last_seq)
    let expected = 1
    let ended = pending === 0 && (await tail.isRead())
    while (!ended) {
      const batch = await consumer.fetch({ max_messages, expires: STANDSTILL_MS })
      for await (const message of batch) {
        if (message.info.deliverySequence !== expected++) throw new Error(`reading ${stream} was interrupted`)
        visit(message)
        tail.last = message.seq
        ended = message.info.pending === 0 ? await tail.isRead() : tail.isLong
        if (ended) break
      }
      ended ||= (await consumer.info()).num_pending === 0 && (await tail.isRead())
    }
  } finally {
    await jsm.consumers.delete(stream, name).catch(() => undefined) // goes by itself after its threshold
  }
}

const CREATE_MS = 5_000

/**
 * Makes a consumer that is read once. Its name stands in the subject of the request, by which the server tells who may make which: where there
 * are several filters the client's own request has it in the body alone, and whoever may send that may change everybody's consumers.
 */
async function addOnce(
  connection: NatsConnection,
  stream: string,
  rest: Partial<ConsumerConfig>,
): Promise<ConsumerInfo> {
  const name = nuid.next()
  const body = stringifyJson({ stream_name: stream, action: 'create', config: { ...rest, name } })
  const subject = `$JS.API.CONSUMER.CREATE.${stream}.${name}`
  const response = await connection.request(subject, body, { timeout: CREATE_MS })
  const answer = parseJson(response.string()) as ConsumerInfo & { error?: ApiError }
  if (answer.error !== undefined) throw new JetStreamApiError(answer.error)
  return answer
}

/**
 * Tells where to end. What replaces a message is counted as pending a moment after that message went, so that the stream itself
 * must be asked.
 */
class Tail {
  last = 0
  readonly #jsm: JetStreamManager
  readonly #read: Read
  readonly #end: number
  #until = Number.POSITIVE_INFINITY

  /** `end` is the sequence up to which everything has to be read. */
  constructor(jsm: JetStreamManager, read: Read, end: number) {
    this.#jsm = jsm
    this.#read = read
    this.#end = end
  }

  /** Whether what came after the end was followed for long enough. */
  get isLong(): boolean {
    if (this.last < this.#end) return false
    this.#until = Math.min(this.#until, Date.now() + FOLLOW_MS)
    return Date.now() > this.#until
  }

  /** Whether nothing is left, or nothing but what is not worth following. */
  async isRead(): Promise<boolean> {
    const next = await Promise.all(this.#read.filters.map((filter) => this.#after(filter)))
    const left = next.filter((message) => message !== null)
    return left.length === 0 || (this.isLong && left.every(({ seq }) => seq > this.#end))
  }

  #after(next_by_subj: string) {
    // The request of the stream API takes both (ADR-31, and since 2.9 the leader's too); the client's type knows one.
    const request = { seq: this.last + 1, next_by_subj } as unknown as { seq: number }
    return this.#jsm.streams.getMessage(this.#read.stream, request)
  }
}
