import type { NatsConnection } from '@nats-io/transport-node'
import { z } from 'zod'
import type { Layout } from './layout.ts'
import { readAll } from './load-partition.ts'

/** What is kept of a message that nothing could handle: no body, only where it stands and why it was given up. */
const parkedMessage = z.object({
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

/** What is parked, oldest first: the last message of each service and key. */
export async function listParked(connection: NatsConnection, layout: Layout): Promise<ParkedMessage[]> {
  const found: ParkedMessage[] = []
  const stream = layout.parkedStream
  await readAll(connection, { stream, filters: [`${stream}.>`], headersOnly: false }, ({ data }) => {
    found.push(parkedMessage.parse(JSON.parse(Buffer.from(data).toString('utf8'))))
  })
  return found
}
