import type { ClientOptions } from '@resource-broker/kube'
import type { ProcessContext } from '../lifecycle.ts'
import { tellRequests } from './tell-requests.ts'

/**
 * How the requests to one server are told of: those that wait, and in traces the writes.
 * @param server what people call it
 */
export function clientOptions(
  process: Pick<ProcessContext, 'logger' | 'metrics' | 'tracing'>,
  server: string,
): ClientOptions & Required<Pick<ClientOptions, 'onEvent'>> {
  const { tracing } = process
  const onEvent = tellRequests(process, server)
  return tracing === undefined ? { onEvent } : { onEvent, onWrite: tracing.writesTo(server) }
}
