import type { ServiceContext } from '@resource-broker/service'
import type { WatcherContext } from './context.ts'
import { watchMetrics } from './metrics.ts'

/** Logs and counts how the watches fare. */
export function watchReport({
  logger,
  metrics: registry,
}: Pick<ServiceContext, 'logger' | 'metrics'>): WatcherContext['reportWatch'] {
  const metrics = watchMetrics(registry)
  return ({ id: view }, resource, event) => {
    metrics.watch(event.type)
    if (event.type === 'connected') logger.debug({ view, ...resource }, 'watching')
    else if (event.type === 'disconnected')
      logger.info({ view, ...resource, err: event.error, retryInMs: event.retryInMs }, 'watch interrupted')
    else if (event.type === 'absent')
      logger.warn({ view, ...resource }, 'not served here: nothing is seen of it until it is')
    else logger.info({ view, ...resource, event }, 'watch changed')
  }
}
