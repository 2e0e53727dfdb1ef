import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { type Layout, PARTITION_KEY } from './layout.ts'
import type { PartitionView } from './partition-view.ts'

/** Fills `view` with the last message of every subject that matches `filters`. */
export async function loadPartition(connection: NatsConnection, layout: Layout, filters: string[], view: PartitionView): Promise<void> {
  const now = Date.now()
  await readAll(connection, layout, { filters, headersOnly: false }, (message) => {
    const address = layout.parse(message.subject)
    if (address === undefined || address.key === PARTITION_KEY) return
    view.of(address.key).put(address.part, address.qualifier, message.seq, message.data, now)
  })
}

type Read = { filters: string[]; headersOnly: boolean }
type Message = { subject: string; seq: number; data: Uint8Array; headers?: { get: (name: string) => string } | undefined }

/** Calls `visit` with everything that the stream holds now under `filters`. */
export async function readAll(connection: NatsConnection, layout: Layout, read: Read, visit: (message: Message) => void): Promise<void> {
  const consumer = await jetstream(connection).consumers.get(layout.stream, {
    filter_subjects: read.filters,
    deliver_policy: DeliverPolicy.All,
    headers_only: read.headersOnly,
    inactive_threshold: 30_000,
  })
  const { num_pending: pending } = await consumer.info(true)
  if (pending > 0) {
    const messages = await consumer.consume({ max_messages: 1_000 })
    for await (const message of messages) {
      visit(message)
      if (message.info.pending === 0) break
    }
  }
  await consumer.delete()
}
