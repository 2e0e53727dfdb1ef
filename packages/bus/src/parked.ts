import { type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { z } from 'zod'
import type { Layout } from './layout.ts'

/** What is kept of a message that nothing could handle: no body, only where it stands and why it was given up. */
export const parkedMessage = z.object({
  service: z.string(),
  subject: z.string(),
  key: z.string(),
  reason: z.string(),
  parkedAt: z.string(),
})
export type ParkedMessage = z.infer<typeof parkedMessage>

/** Parks one message. The broker does not come back to it by itself; a change of any part of its key is tried anew. */
export function park(connection: NatsConnection, layout: Layout, message: ParkedMessage): void {
  connection.publish(layout.parkedSubject(message.service, message.key), JSON.stringify(message))
}

/** What is parked, oldest first, at most `limit`. */
export async function listParked(jsm: JetStreamManager, layout: Layout, limit = 1_000): Promise<ParkedMessage[]> {
  const { state } = await jsm.streams.info(layout.parkedStream)
  if (state.messages === 0) return []
  const found: ParkedMessage[] = []
  for (let seq = state.first_seq; seq <= state.last_seq && found.length < limit; seq++) {
    const stored = await jsm.streams.getMessage(layout.parkedStream, { seq })
    if (stored !== null) found.push(parkedMessage.parse(stored.json()))
  }
  return found
}
