import { setTimeout as delay } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/transport-node'
import { parseJson } from '@resource-broker/json'
import type { Address, Layout, Part } from './layout.ts'
import { readAll } from './load-partition.ts'
import { HEADERS } from './publish-port.ts'
import type { ObjectRef } from './publisher.ts'

/** What the stream holds of one object: enough to tell whether a snapshot is news, and whose tombstone is due. */
export type InventoryItem = Address & { object: ObjectRef; version: string; sequence: number }

/** Messages of one part, of all qualifiers or of one. */
export type Contents = { part: Part; qualifier?: string }

/** Only tombstones have a time to live (ADR-43). */
const TTL = 'Nats-TTL'

/** Reads that are broken off, by a reconnect, a slow moment or servers without a leader, are begun anew so often, later each time. */
const MOST_READS = 8
const FIRST_WAIT_MS = 250

/** Reads the headers of all messages of `contents`, of which none may be part of another. Tombstones and what is no snapshot of an object are left out. */
export async function readInventory(
  connection: NatsConnection,
  layout: Layout,
  contents: Contents[],
): Promise<InventoryItem[]> {
  for (let reads = 1; ; reads++) {
    try {
      return await readOnce(connection, layout, contents)
    } catch (error) {
      if (reads === MOST_READS || connection.isClosed()) throw error
      await delay(FIRST_WAIT_MS * reads)
    }
  }
}

async function readOnce(connection: NatsConnection, layout: Layout, contents: Contents[]): Promise<InventoryItem[]> {
  const items: InventoryItem[] = []
  const filters = contents.map(({ part, qualifier }) => layout.filter(part, '*', qualifier))
  const read = { stream: layout.stream, filters, headersOnly: true }
  await readAll(connection, read, (message) => {
    const address = layout.parse(message.subject)
    const object = refOf(message.headers?.get(HEADERS.object) ?? '')
    if (address === undefined || object === undefined || message.headers?.get(TTL) !== '') return
    items.push({ ...address, object, version: message.headers?.get(HEADERS.version) ?? '', sequence: message.seq })
  })
  return items
}

function refOf(header: string): ObjectRef | undefined {
  try {
    return parseJson(header) as ObjectRef
  } catch {
    return undefined // not of the broker's making
  }
}
