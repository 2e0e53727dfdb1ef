import type { NatsConnection } from '@nats-io/transport-node'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { z } from 'zod'
import type { Layout } from './layout.ts'
import { readAll } from './load-partition.ts'

/** What is kept of a key that nothing could handle: which it is, and why it was given up. */
const parkedKey = z.object({
  service: z.string(),
  key: z.string(),
  reason: z.string(),
  parkedAt: z.string(),
})
export type ParkedKey = z.infer<typeof parkedKey>

/** Parks one key. The broker does not come back to it by itself; a change of any part of it is tried anew. */
export function park(connection: NatsConnection, layout: Layout, parked: ParkedKey): void {
  if (connection.isClosed()) return // whoever takes the partition over finds out by itself
  connection.publish(layout.parkedSubject(parked.service, parked.key), stringifyJson(parked))
}

/** What is parked, oldest first: the last word of each service and key. */
export async function listParked(connection: NatsConnection, layout: Layout): Promise<ParkedKey[]> {
  const found: ParkedKey[] = []
  const stream = layout.parkedStream
  await readAll(connection, { stream, filters: [`${stream}.>`], headersOnly: false }, ({ data }) => {
    found.push(parkedKey.parse(parseJson(Buffer.from(data).toString('utf8'))))
  })
  return found
}
