import { AckPolicy, DeliverPolicy, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { type Layout, PARTITION_KEY } from './layout.ts'
import type { PartitionView } from './partition-view.ts'

/** Fills `view` with the last message of every subject that matches `filters`. */
export async function loadPartition(
  connection: NatsConnection,
  layout: Layout,
  filters: string[],
  view: PartitionView,
): Promise<void> {
  const now = Date.now()
  await readAll(connection, { stream: layout.stream, filters, headersOnly: false }, (message) => {
    const address = layout.parse(message.subject)
    if (address === undefined || address.key === PARTITION_KEY) return
    view.of(address.key).put(address.part, address.qualifier, message.seq, message.data, now)
  })
}

type Read = { stream: string; filters: string[]; headersOnly: boolean }
type Message = {
  subject: string
  seq: number
  data: Uint8Array
  headers?: { get: (name: string) => string } | undefined
}

const BATCH = 5_000
/** What stands still for so long is asked for what is left: messages that were pending may expire or be replaced meanwhile. */
const STANDSTILL_MS = 2_000

/** Calls `visit` with everything that the stream holds now under `filters`. Rejects if the stream goes, or a message got lost on the way. */
export async function readAll(
  connection: NatsConnection,
  read: Read,
  visit: (message: Message) => void,
): Promise<void> {
  const { stream, filters, headersOnly } = read
  const jsm = await jetstreamManager(connection, { checkAPI: false })
  const { name, num_pending: pending } = await jsm.consumers.add(stream, {
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
    let [expected, last] = [1, 0]
    for (let left = pending; left > 0; ) {
      const batch = await consumer.fetch({ max_messages: Math.min(left, BATCH), expires: STANDSTILL_MS })
      for await (const message of batch) {
        if (message.info.deliverySequence !== expected++) throw new Error(`reading ${stream} was interrupted`)
        visit(message)
        left = message.info.pending
        last = message.seq
      }
      if (left > 0) left = (await consumer.info()).num_pending
      // What replaces a message is counted as pending a moment after that message went: the stream itself knows.
      if (left === 0 && (await hasAfter(jsm, read, last))) left = 1
    }
  } finally {
    await jsm.consumers.delete(stream, name).catch(() => undefined) // goes by itself after its threshold
  }
}

async function hasAfter(jsm: JetStreamManager, { stream, filters }: Read, seq: number): Promise<boolean> {
  const next = (filter: string) => jsm.streams.getMessage(stream, { seq: seq + 1, next_by_subj: filter })
  return (await Promise.all(filters.map(next))).some((message) => message !== null)
}
