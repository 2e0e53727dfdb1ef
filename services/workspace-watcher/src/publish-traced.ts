import type { Publication } from '@resource-broker/bus'
import type { Tracing } from '@resource-broker/service'
import type { TraceOf } from './context.ts'

/** Publishes a snapshot, as a step that lasts until the stream has it where it is one. */
export function publishTraced(
  tracing: Tracing | undefined,
  publication: Publication,
  trace: TraceOf | undefined,
  publish: (publication: Publication) => Promise<void>,
): Promise<void> {
  if (tracing === undefined || trace === undefined) return publish(publication)
  if (trace.is === 'echo') return publish({ ...publication, traceparent: trace.traceparent })
  const { origin } = trace
  return tracing.step({ name: 'watch', origin, describe: () => attributesOf(publication) }, () => publish(publication))
}

function attributesOf({ part, key, object }: Publication) {
  const { cluster = '', group = '', resource = '', namespace, name = '' } = object ?? {}
  return {
    'broker.key': key,
    'broker.part': part,
    'broker.cluster': cluster === '' ? 'platform' : cluster,
    'broker.resource': group === '' ? resource : `${resource}.${group}`,
    ...(namespace === undefined ? {} : { 'broker.namespace': namespace }),
    'broker.name': name,
  }
}
