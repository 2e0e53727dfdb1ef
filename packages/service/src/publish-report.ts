import type { PublishEvent } from '@resource-broker/bus'
import type { ProcessContext } from './lifecycle.ts'

/** Logs and counts publications that the server does not store: the first with the server's words, and when it stores again. */
export function publishReport({ logger, metrics }: Pick<ProcessContext, 'logger' | 'metrics'>) {
  const failures = metrics.counter({
    name: 'broker_publish_failures_total',
    help: 'Attempts to publish that the server did not store, and that are made again.',
  })
  return (event: PublishEvent): void => {
    if (event.type === 'recovered') {
      logger.info({ failures: event.failures }, 'NATS stores what is published again')
      return
    }
    failures.add(1)
    if (event.isFirst) logger.error({ err: event.error }, 'NATS does not store what is published, trying again')
  }
}
