import type { Publication } from '@resource-broker/bus'
import type { TraceOf } from './context.ts'

/** A snapshot as the first step of what it causes: it lasts until the stream has it. */
export function watchStep({ part, key, object }: Publication, trace: TraceOf) {
  const describe = () => {
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
  return { name: 'watch', describe, ...(trace === 'begins' ? {} : { origin: trace }) }
}
