import type { ConsumerEvent } from '@resource-broker/bus'
import { ConnectionError, isConflict } from '@resource-broker/kube'
import { ClusterNotConnectedError } from './clusters/clusters.ts'
import type { ServiceContext } from './lifecycle.ts'

/** Logs and counts what happens to the keys that a service consumes. */
export function consumerReport({
  logger,
  metrics,
}: Pick<ServiceContext, 'logger' | 'metrics'>): (event: ConsumerEvent) => void {
  const reconciled = metrics.histogram({
    name: 'broker_reconcile_seconds',
    help: 'Duration of the reconciles of a key that came to an end.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  })
  const failed = metrics.counter({ name: 'broker_reconcile_failures_total', help: 'Reconciles that are tried again.' })
  const parked = metrics.counter({ name: 'broker_parked_messages_total', help: 'Messages that nothing could handle.' })
  return (event) => {
    switch (event.type) {
      case 'reconciled':
        return reconciled.observe(event.seconds)
      case 'requeued':
        return logger.debug({ key: event.key, reason: event.reason, retryInMs: event.retryInMs }, 'looking again later')
      case 'failed': {
        failed.add(1)
        const { key, error: err, retryInMs } = event
        if (isConflict(err))
          return logger.info({ key, err: err.message, retryInMs }, 'changed meanwhile, looking again')
        const expected = err instanceof ConnectionError || err instanceof ClusterNotConnectedError
        return expected
          ? logger.info({ key, err: err.message, retryInMs }, 'waiting for a cluster')
          : logger.warn({ key, err, retryInMs }, 'reconcile failed, trying again')
      }
      case 'given up':
        return logger.debug({ key: event.key, err: event.error }, 'run given up, the partition was lost')
      case 'parked':
        parked.add(1)
        return logger.error({ key: event.key, reason: event.reason }, 'message parked')
      case 'took over':
        return logger.info({ partition: event.partition, keys: event.keys }, 'partition taken over')
      case 'restarting':
        return logger.info({ partition: event.partition, reason: event.reason }, 'consumer starts again')
    }
  }
}
