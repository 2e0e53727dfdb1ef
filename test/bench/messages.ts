import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Layout } from '@resource-broker/bus'

/** Messages on the broker's stream: stored, and delivered to each service. */
export type MessageCount = { stored: number; delivered: Record<string, number> }

/** Counts what a broker with this stream prefix has sent over NATS so far; repetitions that the server dropped do not count. */
export async function countMessages(url: string, prefix: string): Promise<MessageCount> {
  const connection = await connect({ servers: url })
  try {
    const manager = await jetstreamManager(connection)
    const { stream } = new Layout(prefix, 1)
    const { state } = await manager.streams.info(stream)
    const delivered: Record<string, number> = {}
    for await (const { name, delivered: given } of manager.consumers.list(stream)) {
      const service = name.replace(/-\d+$/, '')
      delivered[service] = (delivered[service] ?? 0) + given.consumer_seq
    }
    return { stored: state.last_seq, delivered }
  } finally {
    await connection.close()
  }
}

/** What came between two counts, divided by `per`. */
export function messagesPer(before: MessageCount, after: MessageCount, per: number): MessageCount {
  const delivered = Object.entries(after.delivered).map(([service, count]) => [
    service,
    (count - (before.delivered[service] ?? 0)) / per,
  ])
  return { stored: (after.stored - before.stored) / per, delivered: Object.fromEntries(delivered) }
}
