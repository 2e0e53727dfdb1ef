import { createHash } from 'node:crypto'
import { Bus } from '../src/bus.ts'
import { type ConsumerEvent, DONE, type PartitionConsumerOptions } from '../src/consumer-options.ts'
import type { KubeObject, SourceMessage } from '../src/messages.ts'
import type { PartitionConsumer } from '../src/partition-consumer.ts'
import type { Publication } from '../src/publisher.ts'

/** The key of a name, as a hash in hex. */
export const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32)

export function sourceMessage(name: string, resourceVersion = '1', uid = `uid-${name}`): SourceMessage {
  const gvr = { group: 'example.org', version: 'v1', resource: 'things' }
  const object: KubeObject = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name, uid, resourceVersion } }
  return { ref: { cluster: 'c', gvr, name }, object }
}

export function source(name: string, resourceVersion = '1'): Publication<'source'> {
  const object = { cluster: 'c', group: 'example.org', version: 'v1', resource: 'things', name, uid: `uid-${name}` }
  const message = sourceMessage(name, resourceVersion)
  return { part: 'source', key: keyOf(name), message, object, version: resourceVersion }
}

/** A bus with a prefix of its own; few partitions, so that a test ends soon. */
export function openBus(url: string, prefix: string, partitions = 2): Promise<Bus> {
  return Bus.open({ connection: { servers: [url], name: 'test' }, prefix, partitions })
}

/** Collects what a consumer reports, by type. */
export function collect() {
  const events: ConsumerEvent[] = []
  const of = <T extends ConsumerEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ConsumerEvent, { type: T }> => event.type === type)
  return { report: (event: ConsumerEvent) => void events.push(event), of }
}

/** A consumer of `source`, and the keys that it finished with, in order. */
export async function consume(on: Bus, options: Partial<PartitionConsumerOptions> = {}) {
  const done: string[] = []
  const reports = collect()
  const consumer: PartitionConsumer = await on.consume({
    service: 'svc',
    parts: ['source'],
    concurrency: 16,
    report: reports.report,
    remember: () => undefined,
    reconcile: async ({ key }) => {
      done.push(key)
      return DONE
    },
    ...options,
  })
  return { consumer, done, ...reports }
}

export const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, n) => `${prefix}${n}`)
export const publishAll = (on: Bus, all: string[], version = '1') =>
  Promise.all(all.map((name) => on.publish(source(name, version))))
export const has = (keys: string[], all: string[]) => all.every((name) => keys.includes(keyOf(name)))
