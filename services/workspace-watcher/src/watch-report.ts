import type { ServiceContext } from '@resource-broker/service'
import type { WatcherContext } from './context.ts'
import { watchMetrics } from './metrics.ts'

/**
 * Logs and counts how the watches fare. `servedOtherwise` is called when a provider serves something no more that it served, and when it
 * does again.
 */
export function watchReport(
  { logger, metrics: registry }: Pick<ServiceContext, 'logger' | 'metrics'>,
  servedOtherwise: () => void,
): WatcherContext['reportWatch'] {
  const metrics = watchMetrics(registry)
  const absent = new Set<string>()
  return ({ id: view, duties }, resource, event) => {
    metrics.watch(event.type)
    const id = `${view}/${resource.resource}.${resource.version}.${resource.group}`
    const isAbsent = event.type === 'absent'
    if (duties.includes('copies') && (isAbsent || event.type === 'connected') && absent.has(id) !== isAbsent) {
      if (isAbsent) absent.add(id)
      else absent.delete(id)
      servedOtherwise()
    }
    if (event.type === 'connected') logger.debug({ view, ...resource }, 'watching')
    else if (event.type === 'disconnected')
      logger.info({ view, ...resource, err: event.error, retryInMs: event.retryInMs }, 'watch interrupted')
    else if (event.type === 'absent')
      logger.warn({ view, ...resource }, 'not served here: nothing is seen of it until it is')
    else logger.info({ view, ...resource, event }, 'watch changed')
  }
}
