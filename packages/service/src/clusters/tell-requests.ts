import type { ClientEvent } from '@resource-broker/kube'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'

/**
 * Tells the operator of requests to one server that wait: for an answer, or because the server asks for patience. Each is said once until
 * the server answers again, in time: one that is overloaded owes hundreds of answers, which the metrics count. What comes of the requests is
 * told by whoever sent them.
 * @param server what people call it
 */
export function tellRequests(
  { logger, metrics }: { logger: Logger; metrics: Metrics },
  server: string,
): (event: ClientEvent) => void {
  const unanswered = metrics.counter({
    name: 'broker_requests_unanswered_total',
    help: 'Requests to API servers that had no answer after three seconds.',
  })
  const throttled = metrics.counter({
    name: 'broker_requests_throttled_total',
    help: 'Answers of API servers that ask for patience.',
  })
  let isPatient = false
  let lateAfter: number | undefined
  return (event) => {
    switch (event.type) {
      case 'unanswered':
        unanswered.add(1)
        if (lateAfter === undefined)
          logger.warn({ server, request: `${event.method} ${event.path}` }, 'a request has no answer yet')
        lateAfter = event.seconds
        return
      case 'throttled':
        throttled.add(1)
        if (!isPatient) logger.warn({ server, seconds: event.seconds }, 'the server asks for patience')
        isPatient = true
        return
      case 'request':
        if (event.status >= 200 && event.status < 300) isPatient = false
        if (lateAfter !== undefined && event.status !== 0 && event.seconds < lateAfter) lateAfter = undefined
    }
  }
}
